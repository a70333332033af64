// `npm run lint:workflows`: no part of `npm test`, because one of the linters has to
// be compiled by a compiler that nothing else here needs.

import { runCommand } from './lib/failure.mjs';
import { lintWorkflows } from './lib/workflow-linters.mjs';

await runCommand(lintWorkflows);
