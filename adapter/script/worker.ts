/**
 * The thread of the user's JavaScript: makes the global `pktgdb` (examples/pktgdb.d.ts), runs what it is told to, and
 * asks the debugger for everything.
 */
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { runInThisContext } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import type { FromScript, PlainValue, ToScript } from './messages.ts';

if (parentPort === null) {
  throw new Error('script.js runs in a worker thread of pktgdb only');
}
const port = parentPort;
const say = (message: FromScript): void => port.postMessage(message);

// ---- asking ----

let lastId = 0;
const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();

function ask<T>(method: string, ...args: readonly unknown[]): Promise<T> {
  const id = ++lastId;
  say({ kind: 'call', id, method, args });
  return new Promise<T>((resolve, reject) => waiting.set(id, { resolve: resolve as (v: unknown) => void, reject }));
}

// ---- the API ----

type Listener = (...args: readonly unknown[]) => unknown;
const listeners = new Map<string, Set<Listener>>();
const EVENTS: readonly string[] = ['stopped', 'continued', 'exited', 'console', 'log'];

function on(name: string, listener: Listener): () => void {
  if (!EVENTS.includes(name)) {
    throw new TypeError(`There is no event "${name}"; there are ${EVENTS.join(', ')}.`);
  }
  const all = listeners.get(name) ?? new Set();
  listeners.set(name, all.add(listener));
  return () => all.delete(listener);
}

/** A value as scripts see it: plain, or something that has children. */
function shown(value: PlainValue): unknown {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const { handle, ...rest } = value;
  return {
    ...rest,
    children: async (start = 0, count = value.length) => {
      const rows = await ask<readonly (readonly [string, PlainValue])[]>('children', handle, start, count);
      return Object.fromEntries(rows.map(([name, child]) => [name, shown(child)]));
    },
  };
}

/** The text of a function, as an expression. Throws for what cannot be taken to the inferior. */
function source(stop: unknown): string {
  if (typeof stop !== 'function') {
    throw new TypeError('stop must be a function');
  }
  const text = stop.toString();
  // A method's text is none of an expression by itself.
  const candidates = [`(${text})`, `({${text}})[${JSON.stringify(stop.name)}]`, `(function ${text})`];
  const good = candidates.find((candidate) => {
    try {
      return typeof runInThisContext(candidate) === 'function';
    } catch {
      return false;
    }
  });
  if (good === undefined || /^\s*async\b/.test(text)) {
    throw new TypeError('stop must be a plain function: it is taken to the machine as text');
  }
  return good;
}

const api = {
  run: (line: string) => ask<string>('run', line),
  evaluate: async (expression: string, frame = 0) => shown(await ask<PlainValue>('evaluate', expression, frame)),
  frames: () => ask('frames'),
  packet: (frame = 0) => ask('packet', frame),
  query: (kind: string, text = '', limit = 10_000) => ask('query', kind, text, limit),
  breakpoint: async (at: string, { stop, ...more }: { stop?: unknown } = {}) =>
    ask('breakpoint', { at, ...more, ...(stop === undefined ? {} : { stop: source(stop) }) }),
  breakpoints: () => ask('breakpoints'),
  delete: (id: number) => ask('delete', id),
  stopped: () => new Promise((resolve) => once('stopped', resolve)),
  print: (...values: readonly unknown[]) =>
    say({ kind: 'print', text: `${values.map((v) => (typeof v === 'string' ? v : inspect(v))).join(' ')}\n` }),
  on,
};

function once(name: string, listener: Listener): void {
  const off = on(name, (...args) => {
    off();
    return listener(...args);
  });
}

Object.assign(globalThis, { pktgdb: api });
for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) {
  console[name] = api.print;
}

// ---- running ----

/** What is wrong, with the place in the user's text. */
function problem(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const places = (error.stack ?? '').matchAll(/((?:file:\/\/[^\s)]*|\bjs):\d+(?::\d+)?)\)?$/gm);
  const place = [...places].map(([, text = '']) => text).find((text) => !text.startsWith(import.meta.url));
  const where = place === undefined ? '' : ` (${place.replace(/^file:\/\//, '').replace(/\?\d+(?=:)/, '')})`;
  return `${error.name}: ${error.message}${where}`;
}

/** Code as a script of its own; with `await` in it, as an expression or the body of a function. */
function evaluateCode(code: string): unknown {
  const texts = /\bawait\b/.test(code) ? [`(async()=>(${code}\n))()`, `(async()=>{${code}\n})()`] : [code];
  for (const [i, text] of texts.entries()) {
    try {
      return runInThisContext(text, { filename: 'js' });
    } catch (error) {
      if (!(error instanceof SyntaxError) || i === texts.length - 1) {
        throw error;
      }
    }
  }
  return undefined;
}

/** A file that is read again has changed, perhaps. */
let reads = 0;

/** Runs a file or code, whose value is printed unless it is `quiet`. */
async function run({ code, file, quiet }: Extract<ToScript, { kind: 'run' }>): Promise<void> {
  if (file !== undefined) {
    await import(`${pathToFileURL(file).href}?${reads++}`);
    return;
  }
  const value = await evaluateCode(code ?? '');
  if (value !== undefined && quiet !== true && !(typeof value === 'function' && /\bon\(/.test(code ?? ''))) {
    api.print(typeof value === 'string' ? inspect(value) : value);
  }
}

port.on('message', (message: ToScript) => {
  switch (message.kind) {
    case 'run':
      run(message).then(
        () => say({ kind: 'done' }),
        (error: unknown) => say({ kind: 'done', error: problem(error) }),
      );
      return;
    case 'answer': {
      const { id, value, error } = message;
      const call = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) {
        call?.resolve(value);
      } else {
        call?.reject(new Error(error));
      }
      return;
    }
    case 'event':
      for (const listener of listeners.get(message.name) ?? []) {
        Promise.resolve()
          .then(() => listener(...message.args))
          .catch((error: unknown) => api.print(problem(error)));
      }
  }
});
