/** Names that are looked up in a list: which one is meant, and what is said where there is none. */
import { near } from '../stack/util/near.ts';
import { CommandError } from './command.ts';

/** ` Did you mean A, B?`, empty if there is nothing near. */
export function didYouMean(like: readonly string[]): string {
  return like.length > 0 ? ` Did you mean ${like.join(', ')}?` : '';
}

/** The name that a word means, in either case. Throws `CommandError`, which says what lists all of them. */
export function knownName(word: string, names: readonly string[], what: string, where: string): string {
  const name = names.find((n) => n.toLowerCase() === word.toLowerCase());
  if (name === undefined) {
    const like = near(word.toUpperCase(), names);
    throw new CommandError(`There is no ${what} "${word}"; "${where}" lists them.${didYouMean(like)}`);
  }
  return name;
}
