/** How the commands of a breakpoint end that let the machine go on. */
import { CommandError } from '../commands/command.ts';

/** On its way out of the commands of a breakpoint: they have let the machine go on. */
export class Resumed extends CommandError {
  constructor() {
    super('The machine has gone on: what is left of the commands is left out.');
  }
}

export function unlessResumed(error: unknown): void {
  if (!(error instanceof Resumed)) {
    throw error;
  }
}
