/** Registers as `info registers` takes them. */

import { findRegisters, REGISTER_GROUPS, type RegisterInfo, registerNames } from '../inspect/registers.ts';
import type { Span } from '../packets/span.ts';
import { near } from '../stack/util/near.ts';
import { CommandError } from './command.ts';

/** The registers that a name at `span` means: one, or a group. Throws `CommandError`, with near matches. */
export function registersNamed(name: string, span?: Span): readonly RegisterInfo[] {
  const found = findRegisters(name);
  if (!found) {
    const like = near(name.replace(/^\$/, ''), [...registerNames(), ...REGISTER_GROUPS]);
    const hint = like.length > 0 ? `; did you mean ${like.join(', ')}?` : '';
    throw new CommandError(`Invalid register \`${name}'${hint}`, span);
  }
  return found;
}
