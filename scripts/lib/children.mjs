// Child processes that never outlive the command that started them.
//
// On Unix each child leads a process group of its own, so that a signal reaches
// everything it started in turn: cargo, rustc, a test, the broker under test.
// The terminal's Ctrl-C therefore reaches only this process, which passes it on.

import { spawn } from 'node:child_process';
import os from 'node:os';

const hasProcessGroups = process.platform !== 'win32';
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** How long an interrupted child may take to clean up. */
const GRACE_MILLISECONDS = 5_000;
/** How often a process group is asked whether it is empty: there is no event for it. */
const GROUP_POLL_MILLISECONDS = 50;
/** npm passes on a Ctrl-C that the terminal has already delivered: the two count as one. */
const SAME_KEYPRESS_MILLISECONDS = 500;

const running = new Set();
let interruptedBy = null;
let interruptedAt = 0;

/**
 * Starts a child. `ownsShutdown` says that the child decides what a signal means
 * and when it ends (the broker drains its clients); any other child is killed
 * when it has not ended within the grace period, and this process ends with it.
 */
export function start(command, args, { ownsShutdown = false, ...options } = {}) {
  listenForSignals();
  const child = spawn(command, args, {
    windowsHide: true,
    ...options,
    detached: hasProcessGroups,
  });
  const entry = { child, ownsShutdown };
  running.add(entry);
  const forget = () => running.delete(entry);
  child.once('error', forget);
  child.once('exit', forget);
  return child;
}

/** Resolves to the exit code; a child ended by a signal gives 128 + its number, as in a shell. */
export function exitCodeOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + os.constants.signals[signal]));
  });
}

/** Ends what a finished child has left behind in its group; says whether there was anything. */
export async function endLeftovers(child) {
  if (!isGroupAlive(child)) return false;
  signalGroup(child, 'SIGTERM');
  await endGroup(child);
  return true;
}

/** The exit code owed to an interruption, or null when there was none. */
export function interruption() {
  return interruptedBy === null ? null : 128 + os.constants.signals[interruptedBy];
}

let listening = false;

function listenForSignals() {
  if (listening) return;
  listening = true;
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => interrupt(signal));
}

function interrupt(signal) {
  const now = Date.now();
  if (now - interruptedAt < SAME_KEYPRESS_MILLISECONDS && signal === interruptedBy) return;
  const again = interruptedBy !== null;
  interruptedBy = signal;
  interruptedAt = now;

  const entries = [...running];
  for (const { child, ownsShutdown } of entries) {
    signalGroup(child, again && !ownsShutdown ? 'SIGKILL' : signal);
  }
  if (entries.some(({ ownsShutdown }) => ownsShutdown)) return;
  Promise.all(entries.map(({ child }) => endGroup(child))).then(() => process.exit(interruption()));
}

/** Waits for a group that has been signalled, and insists when it does not end. */
async function endGroup(child) {
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    if (await groupEnds(child)) return;
    signalGroup(child, signal);
  }
  await groupEnds(child);
}

async function groupEnds(child) {
  const deadline = Date.now() + GRACE_MILLISECONDS;
  while (isGroupAlive(child)) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, GROUP_POLL_MILLISECONDS));
  }
  return true;
}

function isGroupAlive(child) {
  return signalGroup(child, 0);
}

function signalGroup(child, signal) {
  if (child.pid === undefined) return false;
  if (!hasProcessGroups) return child.exitCode === null && child.kill(signal);
  try {
    process.kill(-child.pid, signal);
    return true;
  } catch (error) {
    // EPERM: alive, but run through sudo and out of reach.
    return error.code === 'EPERM';
  }
}
