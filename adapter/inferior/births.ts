/**
 * The structs of the stack in the order in which they were made: their compiled classes tell of each. Executions of a
 * recording make the same ones in the same order, so the number of a struct is the same in all of them.
 */
export class Births {
  readonly #numbers = new WeakMap<object, number>();
  /** Structs so far; what has been made is part of a checkpoint. */
  count = 0;

  /** Compiled code calls it as the first field of a struct is set. */
  readonly born = (o: object): void => {
    this.#numbers.set(o, this.count++);
  };

  /** Undefined for what is no struct. */
  of(o: object): number | undefined {
    return this.#numbers.get(o);
  }

  /** The object stands for the struct that has this number. */
  is(o: object, number: number): void {
    this.#numbers.set(o, number);
  }

  /** Runs what makes structs that are gone when it is over. */
  uncounted<T>(act: () => T): T {
    const { count } = this;
    try {
      return act();
    } finally {
      this.count = count;
    }
  }

  /** `root` is about to be made again, with all that its declaration makes. Then the number is that of `loaded`. */
  again(root: object, make: () => object, loaded: number): void {
    this.count = this.of(root) ?? 0;
    Object.assign(root, make());
    this.count = loaded;
  }
}
