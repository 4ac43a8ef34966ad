/** Random programs of the kind the stack is written in: loops, branches, closures, classes, exceptions. */
import fc from 'fast-check';

/**
 * Names are few, so that they shadow each other often; reading one before its declaration throws, with probes as
 * without.
 */
const NAMES = ['a', 'b', 'c', 'd'] as const;

/** Writes one program; each choice is drawn from fast-check so that failures shrink. */
class Writer {
  readonly #pick: (n: number) => number;
  #lines: string[] = [];
  #budget: number;
  #functions = 0;
  /** Functions that can be called where the writer is. */
  #callable: string[] = [];
  #loops = 0;

  constructor(pick: (n: number) => number, budget: number) {
    this.#pick = pick;
    this.#budget = budget;
  }

  program(): string {
    this.#lines.push('const attempt = (f: () => unknown) => { try { return f(); } catch (e) { return String(e); } };');
    for (let i = this.#pick(3); i > 0; i--) {
      this.#fn('');
    }
    this.#lines.push('function main(): unknown {', '  let a = 1, b = 2, c = 3, d = 4;');
    this.#block('  ', false, NAMES);
    this.#lines.push('  return [a, b, c, d];', '}');
    return this.#lines.join('\n');
  }

  #name(): string {
    return NAMES[this.#pick(NAMES.length)]!;
  }

  #expr(depth = 0): string {
    switch (depth > 2 ? this.#pick(2) : this.#pick(9)) {
      case 0:
        return String(this.#pick(10));
      case 1:
        return this.#name();
      case 2:
        return `(${this.#expr(depth + 1)} + ${this.#expr(depth + 1)} | 0)`;
      case 3:
        return (
          `(${this.#expr(depth + 1)} > ${this.#expr(depth + 1)}` +
          ` ? ${this.#expr(depth + 1)} : ${this.#expr(depth + 1)})`
        );
      case 4:
        return `Number(\`\${${this.#expr(depth + 1)}}1\`.length)`;
      case 5:
        return `[${this.#expr(depth + 1)}, 2].map((${this.#name()}) => ${this.#expr(depth + 1)})[0]!`;
      case 6:
        return `((${this.#name()}: number = ${this.#expr(depth + 1)}) => (${this.#expr(depth + 1)}) as number)()`;
      case 7:
        return `({ get v() { return ${this.#expr(depth + 1)}; } }.v)`;
      default: {
        const f = this.#callable[this.#pick(this.#callable.length || 1)];
        return f ? `${f}(${this.#expr(depth + 1)})` : this.#name();
      }
    }
  }

  /** A function that may call those before it only, so that programs end. */
  #fn(pad: string, name = `f${this.#functions++}`): void {
    const [p, q] = [this.#name(), this.#name()];
    const params = p === q ? `${p} = 1` : `${p}: number, { x: ${q} = ${p} } = { x: ${this.#pick(5)} }`;
    this.#lines.push(`${pad}function ${name}(${params}): number {`);
    const loops = this.#loops;
    this.#loops = 0;
    this.#block(`${pad}  `, true, [p, q]);
    this.#loops = loops;
    this.#lines.push(`${pad}  return ${p};`, `${pad}}`);
    this.#callable.push(name);
  }

  /** `taken`: names that may not be declared again in the block. */
  #block(pad: string, inFunction: boolean, taken: readonly string[] = []): void {
    const callable = [...this.#callable];
    const declared = new Set(taken);
    const hoisted = pad.length < 8 && this.#pick(4) === 0 ? `f${this.#functions++}` : undefined;
    if (hoisted) {
      this.#callable.push(hoisted); // called before it stands there; it may call only what was there before itself
    }
    for (let n = 1 + this.#pick(4); n > 0 && this.#budget > 0; n--) {
      this.#budget--;
      this.#statement(pad, declared, inFunction);
    }
    this.#callable = callable;
    if (hoisted) {
      this.#fn(pad, hoisted);
      this.#callable.pop();
    }
  }

  #statement(pad: string, declared: Set<string>, inFunction: boolean): void {
    const add = (line: string): number => this.#lines.push(pad + line);
    const name = this.#name();
    switch (this.#pick(15)) {
      case 0:
        add(`log(${this.#expr()});`);
        break;
      case 1:
        add(`${name} = ${this.#expr()};`);
        break;
      case 2:
        if (!declared.has(name)) {
          declared.add(name);
          add(`let ${name} = ${this.#expr()};`);
        }
        break;
      case 3:
        this.#nested(`if (${this.#expr()}) {`, pad, inFunction);
        this.#nested(`else if (${this.#expr()}) {`, pad, inFunction);
        break;
      case 4:
        add(`if (${this.#expr()}) ${name}++; else log(${this.#expr()})`);
        break;
      case 5:
        this.#loop(
          `for (let ${name} = 0, z${pad.length} = 0; z${pad.length} < 3; z${pad.length}++) {`,
          pad,
          inFunction,
        );
        break;
      case 6:
        this.#loop(`for (const [${name}, e = ${this.#expr()}] of [[1], [2, 3]] as number[][]) {`, pad, inFunction);
        break;
      case 7:
        this.#switch(pad, name, inFunction);
        break;
      case 8:
        this.#nested('try {', pad, inFunction);
        this.#nested(`catch (${name}: any) {`, pad, inFunction, [name]);
        this.#nested('finally {', pad, inFunction);
        break;
      case 9:
        if (pad.length < 8) {
          this.#fn(pad);
        }
        break;
      case 10:
        add(this.#loops ? ['continue;', 'break;'][this.#pick(2)]! : `log('${name}');`);
        break;
      case 11:
        add(`if (${this.#expr()} > 5) throw new Error('${name}');`);
        break;
      case 12:
        add(inFunction ? `if (${this.#expr()}) return ${this.#expr()};` : `{ const ${name} = 1; log(${name}); }`);
        break;
      case 13:
        add(`log(new (class { ${name} = 1; m(x: number) { return x + this.${name}; } })().m(${this.#expr()}));`);
        break;
      default:
        this.#nested('{', pad, inFunction);
    }
  }

  #nested(head: string, pad: string, inFunction: boolean, taken: readonly string[] = []): void {
    this.#lines.push(pad + head);
    this.#block(`${pad}  `, inFunction, taken);
    this.#lines.push(`${pad}}`);
  }

  #loop(head: string, pad: string, inFunction: boolean): void {
    this.#loops++;
    this.#nested(head, pad, inFunction);
    this.#loops--;
  }

  #switch(pad: string, name: string, inFunction: boolean): void {
    this.#lines.push(`${pad}switch (${this.#expr()}) {`);
    this.#lines.push(`${pad}  case 1:`, `${pad}    let ${name} = ${this.#expr()};`, `${pad}    log(${name});`);
    this.#lines.push(`${pad}  case ${this.#pick(4) + 2}:`);
    this.#lines.push(`${pad}    log(${this.#expr()});`);
    if (this.#pick(2)) {
      this.#lines.push(`${pad}    break;`);
    }
    this.#lines.push(`${pad}  default:`, `${pad}    log(attempt(() => ${name}));`);
    this.#nested('{', `${pad}    `, inFunction);
    this.#lines.push(`${pad}}`);
  }
}

/** Sources that define `main()` and may call `log`. */
export const programs: fc.Arbitrary<string> = fc.gen().map((g) => new Writer((n) => g(fc.nat, n - 1), 30).program());
