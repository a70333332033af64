// How a command ends when it cannot go on.

/** An error whose message is written for the person at the keyboard. */
export class Failure extends Error {
  /** `output` is what the failed program had said until then. */
  constructor(message, { exitCode = 1, output = '' } = {}) {
    super(message);
    this.exitCode = exitCode;
    this.output = output;
  }
}

/** Runs a command to its end: a Failure prints its sentence, anything else is a defect and keeps its stack. */
export async function runCommand(command) {
  try {
    await command();
  } catch (error) {
    if (error instanceof Failure) {
      console.error(`\n${error.message}`);
      process.exitCode = error.exitCode;
    } else {
      console.error(error);
      process.exitCode = 1;
    }
  }
}
