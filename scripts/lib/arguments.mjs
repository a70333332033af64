// The arguments of the repository's own commands.

import { parseArgs } from 'node:util';
import { Failure } from './failure.mjs';

const HELP = { help: { type: 'boolean', short: 'h' } };

/** Reads options in the form of node:util's parseArgs; a wrong one is answered with the usage. */
export function readArguments(options, usage) {
  const values = parse({ ...options, ...HELP }, usage);
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  return values;
}

function parse(options, usage) {
  try {
    return parseArgs({ options, allowPositionals: false }).values;
  } catch (error) {
    throw new Failure(`${error.message}\n${usage}`, { exitCode: 2 });
  }
}
