/**
 * Reading what a client sent.
 * Every value is checked, so that a wrong type is answered with a sentence and not with a crash.
 */

/** A request that cannot be done; the message goes to the user as the response's error. */
export class RequestError extends Error {
  override name = 'RequestError';
  /** The word that the protocol has for it, which clients look for; the sentence goes beside it. */
  readonly code: 'cancelled' | 'notStopped' | undefined;

  constructor(message: string, code?: 'cancelled' | 'notStopped') {
    super(message);
    this.code = code;
  }
}

/** "an array", "a number", ... for messages about wrong types. */
export function describeType(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  if (Array.isArray(value)) {
    return 'an array';
  }
  const type = typeof value;
  return type === 'object' ? 'an object' : type === 'undefined' ? 'missing' : `a ${type}`;
}

/** True for JSON objects. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The `arguments` of a request or an object inside them. `where` names it in messages.
 * `null` counts as absent, because several clients send it for optional properties.
 */
export class Arguments {
  readonly where: string;
  readonly raw: Readonly<Record<string, unknown>>;

  /** Number of the request; -1 for an object inside. */
  readonly seq: number;

  constructor(where: string, raw: unknown, seq = -1) {
    if (raw !== undefined && raw !== null && !isObject(raw)) {
      throw new RequestError(`${where}: arguments must be an object, not ${describeType(raw)}`);
    }
    this.where = where;
    this.seq = seq;
    this.raw = isObject(raw) ? raw : {};
  }

  has(name: string): boolean {
    return this.raw[name] !== undefined && this.raw[name] !== null;
  }

  optionalNumber(name: string): number | undefined {
    return this.#optional(name, 'a number', (v) => typeof v === 'number' && Number.isFinite(v)) as number | undefined;
  }

  optionalString(name: string): string | undefined {
    return this.#optional(name, 'a string', (v) => typeof v === 'string') as string | undefined;
  }

  optionalBoolean(name: string): boolean | undefined {
    return this.#optional(name, 'true or false', (v) => typeof v === 'boolean') as boolean | undefined;
  }

  number(name: string): number {
    return this.#required(name, 'a number', this.optionalNumber(name));
  }

  string(name: string): string {
    return this.#required(name, 'a string', this.optionalString(name));
  }

  /** A whole number of at least 0; absent gives `fallback`. */
  count(name: string, fallback: number): number {
    const value = this.optionalNumber(name) ?? fallback;
    if (value < 0 || (!Number.isInteger(value) && value !== fallback)) {
      throw new RequestError(`${this.where}: ${name} must be a whole number of at least 0, not ${value}`);
    }
    return value;
  }

  /** An object property; absent gives an empty one. */
  object(name: string): Arguments {
    const value = this.raw[name];
    if (value !== undefined && value !== null && !isObject(value)) {
      throw new RequestError(`${this.where}: ${name} must be an object, not ${describeType(value)}`);
    }
    return new Arguments(`${this.where}: ${name}`, value);
  }

  /** An array of objects; absent gives an empty one. */
  objects(name: string): Arguments[] {
    const value = this.raw[name] ?? [];
    if (!Array.isArray(value)) {
      throw new RequestError(`${this.where}: ${name} must be an array, not ${describeType(value)}`);
    }
    return value.map((item: unknown, i) => {
      if (!isObject(item)) {
        throw new RequestError(`${this.where}: ${name}[${i}] must be an object, not ${describeType(item)}`);
      }
      return new Arguments(`${this.where}: ${name}[${i}]`, item);
    });
  }

  /** An array of strings; absent gives undefined. */
  optionalStrings(name: string): string[] | undefined {
    if (!this.has(name)) {
      return undefined;
    }
    const value = this.raw[name];
    if (!Array.isArray(value)) {
      throw new RequestError(`${this.where}: ${name} must be an array of strings, not ${describeType(value)}`);
    }
    const wrong = value.findIndex((item) => typeof item !== 'string');
    if (wrong >= 0) {
      throw new RequestError(
        `${this.where}: ${name} must be an array of strings, but element ${wrong} is ${describeType(value[wrong])}`,
      );
    }
    return value as string[];
  }

  #optional(name: string, wanted: string, test: (value: unknown) => boolean): unknown {
    const value = this.raw[name];
    if (value === undefined || value === null) {
      return undefined;
    }
    if (!test(value)) {
      throw new RequestError(`${this.where}: ${name} must be ${wanted}, not ${describeType(value)}`);
    }
    return value;
  }

  #required<T>(name: string, wanted: string, value: T | undefined): T {
    if (value === undefined) {
      throw new RequestError(`${this.where}: ${name} is missing (${wanted})`);
    }
    return value;
  }
}
