/** The box for a display filter above a packet listing, with what is wrong about it below. */
import type { ReadingProgress } from '../captures/messages.ts';
import { attributes, html, setText } from './dom.ts';
import type { ListingStrings } from './strings.ts';

/** What the box tells its page. */
export interface FilterListener {
  /** Packets that match are wanted; all of them for an empty text. */
  wanted(text: string): void;
  /** The user goes back to the packets. */
  left(): void;
}

type TextField = HTMLElement & { value: string };

export class FilterBox {
  readonly element = html('form', { class: 'filter', role: 'search', hidden: '' });
  readonly #field: TextField;
  readonly #says = html('p', { id: 'filter-says', role: 'status' });
  readonly #strings: ListingStrings;
  readonly #listener: FilterListener;
  /** The filter that was applied last. */
  #text = '';

  constructor(strings: ListingStrings, listener: FilterListener) {
    this.#strings = strings;
    this.#listener = listener;
    this.#field = html('vscode-textfield', {
      placeholder: strings.filterHint,
      label: strings.filter,
      type: 'search',
      'aria-describedby': 'filter-says',
    }) as TextField;
    this.element.append(this.#field, this.#says);
    this.element.addEventListener('submit', (event) => event.preventDefault());
    this.#field.addEventListener('keydown', (event) => this.#key(event));
    this.#field.addEventListener('input', () => this.#typed());
  }

  /** The filter that was applied last. */
  get text(): string {
    return this.#text;
  }

  focus(): void {
    this.#field.focus();
  }

  /** Applies a filter as if it had been typed. */
  use(text: string): void {
    this.#field.value = text;
    this.#apply();
  }

  /** A box that is emptied shows everything at once; else Enter applies what has been typed. */
  #typed(): void {
    if (this.#field.value.trim() === '' && this.#text !== '') {
      this.#apply();
    }
  }

  #key(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === 'Enter') {
      event.preventDefault();
      this.#apply();
    } else if (event.key === 'Escape' || event.key === 'ArrowDown') {
      event.preventDefault();
      this.#listener.left();
    }
  }

  #apply(): void {
    this.#text = this.#field.value.trim();
    this.#listener.wanted(this.#text);
  }

  working({ done, total }: ReadingProgress): void {
    this.#say(`${this.#strings.filtering} ${total > 0 ? Math.floor((100 * done) / total) : 0} %`, false);
  }

  /** How the filter was: what is wrong and where, or how many packets it leaves of all. */
  answered(error?: string, span?: readonly [number, number], counts?: readonly [shown: number, all: number]): void {
    if (error === undefined) {
      const [shown = 0, all = 0] = counts ?? [];
      this.#say(counts ? this.#strings.matching.replace('{0}', `${shown}`).replace('{1}', `${all}`) : '', false);
      return;
    }
    this.#say('', true);
    const [start, end] = span ?? [0, 0];
    const wrong = this.#text.slice(start, end);
    if (wrong !== '') {
      const before = Object.assign(html('code', {}), { textContent: this.#text.slice(0, start) });
      const mark = Object.assign(html('code', { class: 'wrong' }), { textContent: wrong });
      const after = Object.assign(html('code', {}), { textContent: this.#text.slice(end) });
      this.#says.append(before, mark, after, ' ');
    }
    this.#says.append(error);
  }

  #say(text: string, wrong: boolean): void {
    setText(this.#says, text);
    this.element.classList.toggle('refused', wrong);
    this.#field.toggleAttribute('invalid', wrong);
    attributes(this.#says, { role: wrong ? 'alert' : 'status' });
  }
}
