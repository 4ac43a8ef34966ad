/** Giving up moments that the user keeps: `delete checkpoint`, `delete bookmark`. */
import { CommandError } from '../commands/command.ts';
import { visible } from '../packets/format.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** `delete checkpoint N`. The machine itself, which is number 0, stays. */
export function deleteCheckpoint(gdb: GdbInterpreter, args: string): void {
  const text = args.trim();
  if (text === '') {
    throw new CommandError('Requires argument (checkpoint id to delete)');
  }
  if (!gdb.moments.checkpoints.delete(Number(text))) {
    throw new CommandError(`No such checkpoint id, ${visible(text)}`);
  }
}

/** `delete bookmark [NAME]`: without a name all of them, after a question. */
export async function deleteBookmark(gdb: GdbInterpreter, args: string): Promise<void> {
  const { bookmarks } = gdb.moments;
  const name = args.trim();
  if (bookmarks.size === 0) {
    throw new CommandError('No bookmarks.');
  }
  if (name === '') {
    if (await gdb.confirm('Delete all bookmarks?')) {
      bookmarks.clear();
    }
    return;
  }
  if (!bookmarks.delete(name)) {
    throw new CommandError(`No bookmark "${visible(name)}".`);
  }
}
