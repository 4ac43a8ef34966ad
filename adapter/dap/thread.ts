/** The machine has one thread: its number, and the check that a request means it. */
import { type Arguments, RequestError } from './arguments.ts';

export const THREAD_ID = 1;

/** The one thread is meant, or the request is refused. */
export function checkThread(args: Arguments): void {
  const id = args.number('threadId');
  if (id !== THREAD_ID) {
    throw new RequestError(`There is no thread ${id}; the machine is thread ${THREAD_ID}.`);
  }
}
