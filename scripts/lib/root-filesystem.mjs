// A Debian of its own in a folder, in which packages are installed and started.
//
// Whatever is run in it has its own mounts, processes and network: with its last
// process all of that is gone, and no port of this machine is used.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Failure } from './failure.mjs';
import { ask } from './programs.mjs';
import { step } from './steps.mjs';

const RELEASE = 'bookworm';

/** The folders that a program expects to be there, from its own first process. */
const MOUNTS = [
  'ip link set lo up',
  'mount -t proc proc "$ROOT/proc"',
  'mkdir -p "$ROOT/dev/shm" && mount -t tmpfs tmpfs "$ROOT/dev/shm"',
].join('\n');

/** Makes one, with these packages; it is removed when the function given ends. */
export async function withRootFilesystem(packages, use) {
  if (process.platform !== 'linux' || process.getuid() !== 0) {
    throw new Failure('Not possible here: a Debian in a folder needs Linux, and root.');
  }
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'moustique-root-'));
  // As a root folder is: every user in it has to pass.
  fs.chmodSync(root, 0o755);
  try {
    // What debootstrap mounts goes with it.
    await step(`Unpacking Debian ${RELEASE} into ${root}`, 'unshare', [
      ...['--mount', 'debootstrap', '--variant=minbase', `--include=${packages.join(',')}`],
      ...[RELEASE, root, ...mirror()],
    ]);
    fs.copyFileSync('/etc/resolv.conf', path.join(root, 'etc', 'resolv.conf'));
    return await use(root);
  } finally {
    remove(root);
  }
}

/**
 * Runs a shell script in it and resolves to the output. `user` is who runs it;
 * `network` gives it that of this machine instead of one with nothing but itself.
 */
export function runIn(root, title, script, { user = 'root', network = false } = {}) {
  const program = [
    'set -eu',
    network ? MOUNTS.replace(/^ip .*\n/, '') : MOUNTS,
    // A login has the home and the environment of the user, and nothing of ours.
    'chroot "$ROOT" su --login --shell /bin/sh "$RUNS_AS" --command "$SCRIPT"',
    // The shell stays, as the first of the processes, and takes leave of orphans.
    'exit 0',
  ].join('\n');
  return step(
    title,
    'unshare',
    [
      ...['--mount', '--pid', '--ipc', '--fork', '--kill-child'],
      ...(network ? [] : ['--net']),
      ...['sh', '-c', program],
    ],
    { environment: { ROOT: root, RUNS_AS: user, SCRIPT: `set -eu\n${script}` } },
  );
}

/** Where this machine has its packages from, if it is a Debian of the same release. */
function mirror() {
  const asked = ['--format', '$(REPO_URI)', 'Created-By: Packages', `Codename: ${RELEASE}`];
  const [uri] = (ask('apt-get', ['indextargets', ...asked]) ?? '').split('\n');
  // Without one, debootstrap takes its own.
  return uri ? [uri] : [];
}

function remove(root) {
  const mounted = fs.readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${root}/`);
  // To remove what is mounted there would be to remove it where it comes from.
  if (mounted)
    throw new Failure(`Something is still mounted below ${root}: unmount and remove it.`);
  fs.rmSync(root, { recursive: true, force: true });
}
