/**
 * Where rows are in a list of any length. A page's elements have a greatest height: the scroll bar of a list that is
 * longer moves faster than its rows. Needs no page.
 */

/** Height of a row in pixels. */
export const ROW_HEIGHT = 20;

/** Height of what is scrolled at most: browsers draw nothing beyond 2^25 device pixels. */
const MAX_HEIGHT = 12_000_000;

export class RowScroll {
  readonly #count: number;
  readonly #view: number;
  /** Pixels of rows that a pixel of the scroll bar stands for. */
  readonly #ratio: number;
  /** Height of what is scrolled. */
  readonly height: number;
  /** Pixels of rows above the view, and the scroll bar's place that goes with it. */
  #offset = 0;
  #scrollTop = 0;

  /** `count` rows, of which `view` pixels are seen. */
  constructor(count: number, view: number) {
    this.#count = count;
    this.#view = Math.max(ROW_HEIGHT, view);
    const whole = count * ROW_HEIGHT;
    this.height = Math.min(whole, MAX_HEIGHT);
    this.#ratio = whole > MAX_HEIGHT ? (whole - this.#view) / (MAX_HEIGHT - this.#view) : 1;
  }

  /** Pixels of rows above the view. */
  get offset(): number {
    return this.#offset;
  }

  /** Where the scroll bar has to be. */
  get scrollTop(): number {
    return this.#scrollTop;
  }

  /** The user has moved the scroll bar. What this object itself asked for comes back rounded, and changes nothing. */
  scrolled(scrollTop: number): void {
    if (Math.abs(scrollTop - this.#scrollTop) > 1) {
      this.#scrollTop = scrollTop;
      this.#offset = this.#clamped(scrollTop * this.#ratio);
    }
  }

  /** Moves by pixels of rows, as a wheel does. */
  moveBy(pixels: number): void {
    this.#moveTo(this.#offset + pixels);
  }

  /** Moves just so far that row `i` is seen whole; `centre` has it in the middle if it was not seen. */
  reveal(i: number, centre = false): void {
    const top = i * ROW_HEIGHT;
    const above = top < this.#offset;
    if (!above && top + ROW_HEIGHT <= this.#offset + this.#view) {
      return;
    }
    const edge = above ? top : top + ROW_HEIGHT - this.#view;
    this.#moveTo(centre ? top - (this.#view - ROW_HEIGHT) / 2 : edge);
  }

  /** Rows `[from, to)` that are seen, at least in part. */
  get seen(): readonly [from: number, to: number] {
    const from = Math.floor(this.#offset / ROW_HEIGHT);
    return [from, Math.min(this.#count, Math.ceil((this.#offset + this.#view) / ROW_HEIGHT))];
  }

  /** Rows that fit whole. */
  get page(): number {
    return Math.max(1, Math.floor(this.#view / ROW_HEIGHT));
  }

  /** True if the scroll bar cannot be left to itself. */
  get scaled(): boolean {
    return this.#ratio !== 1;
  }

  #moveTo(offset: number): void {
    this.#offset = this.#clamped(offset);
    this.#scrollTop = this.#offset / this.#ratio;
  }

  #clamped(offset: number): number {
    return Math.max(0, Math.min(this.#count * ROW_HEIGHT - this.#view, offset));
  }
}
