// `npm run audit`: known vulnerabilities in what is used. It asks two databases
// on the network, which is why `npm test` does not do it.

import { cargoDeny } from './lib/cargo-deny.mjs';
import { interruption } from './lib/children.mjs';
import { Failure, runCommand } from './lib/failure.mjs';
import { npm } from './lib/programs.mjs';
import { setUp } from './lib/setup.mjs';
import { step } from './lib/steps.mjs';

await runCommand(async () => {
  await setUp('tests');
  const failures = [];
  for (const [title, command] of [
    ['Auditing the Rust packages', cargoDeny('advisories')],
    ['Auditing the Node packages', npm('audit')],
  ]) {
    try {
      await step(title, ...command, { stream: true });
    } catch (error) {
      if (!(error instanceof Failure) || interruption() !== null) throw error;
      failures.push(error.message);
    }
  }
  if (failures.length > 0) throw new Failure(failures.join('\n'));
});
