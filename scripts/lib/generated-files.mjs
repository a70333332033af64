// The TypeScript that `cargo test -p moustique-monitor` writes from the Rust types.

import path from 'node:path';
import { Failure } from './failure.mjs';
import { root } from './paths.mjs';
import { hashOf } from './stamps.mjs';

const FOLDER = path.join(root, 'ui', 'src', 'lib', 'api');

/** Runs the tests that write the folder; fails when they have changed it. */
export async function expectUnchangedTypes(tests) {
  const before = hashOf([FOLDER], root);
  const result = await tests();
  if (hashOf([FOLDER], root) !== before) {
    throw new Failure(
      'ui/src/lib/api did not match the types of crates/monitor and has been written anew. Check that the user interface still fits (npm run check --workspace ui) and commit it.',
    );
  }
  return result;
}
