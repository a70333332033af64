// A step: one line when it begins, its output shown or kept, its time when done.

import fs from 'node:fs';
import path from 'node:path';
import { endLeftovers, exitCodeOf, interruption, start } from './children.mjs';
import { Failure } from './failure.mjs';
import { logDirectory, root, targetDirectory } from './paths.mjs';
import { duration, lastLines, slug, withoutEscapes } from './text.mjs';

/** How much of a failed step's output is shown when it was not streamed. */
const SHOWN_LINES = 40;
/** How long output may still trickle in once the child has ended. */
const OUTPUT_GRACE_MILLISECONDS = 1_000;

const isTerminal = process.stdout.isTTY === true;
const wantsColour = isTerminal && !process.env.NO_COLOR;
let streamsEverything = isTerminal || Boolean(process.env.CI);

/** Streams the output of every step from now on. */
export function streamEverything() {
  streamsEverything = true;
}

/**
 * Runs a program as a step and resolves to its output; throws a Failure when it
 * does not end with 0.
 *
 * - `stream`: show the output even where steps are quiet (test runners).
 * - `environment`: added to this process's own.
 * - `directory`: where it runs, if not at the top level.
 * - `sudo`: the program runs as another user, out of reach of a signal from here.
 * - `advice`: a sentence that follows the failure.
 */
export async function step(title, command, args, options = {}) {
  const { stream = false, environment = {}, directory = root, sudo = false, advice } = options;
  const shown = stream || streamsEverything;
  const log = path.join(logDirectory, `${slug(title)}.log`);
  announce(title);

  const began = performance.now();
  const child = start(command, args, {
    ownsShutdown: sudo,
    cwd: directory,
    env: { ...process.env, CARGO_TARGET_DIR: targetDirectory, ...colours(shown), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child, shown);
  const { code, problem } = await ending(child, output);
  const elapsed = duration(performance.now() - began);
  const text = withoutEscapes(output.text());
  const written = writeLog(log, [command, ...args].join(' '), text);

  if (interruption() !== null) throw new Failure('Interrupted.', { exitCode: interruption() });
  if (code !== 0) {
    const lines = [`${title}: failed after ${elapsed} (${problem ?? `exit code ${code}`}).`];
    if (!shown) lines.unshift(...lastLines(text, SHOWN_LINES), '');
    if (written) lines.push(`The whole output: ${log}`);
    if (advice) lines.push(advice);
    throw new Failure(lines.join('\n'), { output: text });
  }
  console.log(`  done in ${elapsed}`);
  return text;
}

/** The line with which a step begins. */
export function announce(title) {
  console.log(wantsColour ? `\u001b[1m${title} …\u001b[0m` : `${title} …`);
}

async function ending(child, output) {
  let code;
  try {
    code = await exitCodeOf(child);
  } catch (error) {
    return {
      code: 127,
      problem: error.code === 'ENOENT' ? 'the program was not found' : error.message,
    };
  }
  // A process left behind would hold the pipe, and this step, open for ever.
  if (interruption() === null && !(await output.closedWithin(OUTPUT_GRACE_MILLISECONDS))) {
    if (await endLeftovers(child)) console.log('  ended the processes it had left behind');
  }
  return { code };
}

function collect(child, shown) {
  const chunks = [];
  for (const [source, sink] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    source.on('data', (chunk) => {
      chunks.push(chunk);
      if (shown) sink.write(chunk);
    });
  }
  const closed = new Promise((resolve) => child.once('close', () => resolve(true)));
  return {
    text: () => Buffer.concat(chunks).toString('utf8'),
    closedWithin(milliseconds) {
      let timer;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, milliseconds, false);
      });
      return Promise.race([closed, late]).finally(() => clearTimeout(timer));
    },
  };
}

function writeLog(file, command, text) {
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, `$ ${command}\n${text}`);
    return true;
  } catch {
    // A full or read-only disk: the step's own output says so better.
    return false;
  }
}

/**
 * Programs see a pipe: they must be told when a terminal is behind it, and some
 * must be told when there is none, because they take CI for one.
 */
function colours(shown) {
  if (wantsColour && shown) return { CARGO_TERM_COLOR: 'always', FORCE_COLOR: '1' };
  return process.env.FORCE_COLOR ? {} : { NO_COLOR: '1' };
}
