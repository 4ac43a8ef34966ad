/** Display filters that compiled expressions ask for: made once, in the thread where the packets are. */
import { Conversations } from '../packets/conversations.ts';
import { compileFilter, type Filter } from '../packets/filter/filter.ts';
import { referring } from '../packets/filter/reference.ts';
import { remembers } from '../packets/filter/remembers.ts';

export class Filters {
  readonly #made = new Map<string, Filter['matches']>();
  readonly #seconds: () => number;

  /** `seconds`: the machine's clock. */
  constructor(seconds: () => number) {
    this.#seconds = seconds;
  }

  /**
   * Throws `FilterError`. `reference` is the packet that `${ip.src}` is about (`referenceText`). A filter on what the
   * packets before say remembers those that it is shown; at another `place` that are others.
   */
  of(text: string, reference = '', place = ''): Filter['matches'] {
    const key = reference === '' && place === '' ? text : `${place} ${reference} ${text}`;
    let matches = this.#made.get(key);
    if (matches === undefined) {
      matches = this.#make(text, reference);
      this.#made.set(key, matches);
    }
    return matches;
  }

  /** Another run begins: nothing has been said so far. */
  restart(): void {
    this.#made.clear();
  }

  #make(text: string, reference: string): Filter['matches'] {
    const { matches, fieldsUsed } = compileFilter(text, referring(reference));
    if (!remembers(fieldsUsed)) {
      return matches;
    }
    const conversations = new Conversations();
    return (p) => {
      conversations.add(p, this.#seconds());
      return matches(p);
    };
  }
}
