/** A client of the language server over stdio, for tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export interface Diagnostic {
  readonly range: Range;
  readonly message: string;
  readonly severity: number;
  readonly source: string;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly uri: string; readonly version: number; readonly diagnostics: Diagnostic[] };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A request's position: a text with `|` where the cursor is. */
export function cursor(marked: string): { text: string; position: Position } {
  const at = marked.indexOf('|');
  const before = marked.slice(0, at).split('\n');
  return {
    text: marked.slice(0, at) + marked.slice(at + 1),
    position: { line: before.length - 1, character: before.at(-1)!.length },
  };
}

export class ServerClient {
  readonly child: ChildProcess;
  readonly uri: string;
  #buffer = Buffer.alloc(0);
  #next = 0;
  #version = 0;
  readonly #answers = new Map<number, (message: Message) => void>();
  #diagnostics: { readonly version: number; readonly diagnostics: Diagnostic[] } | undefined;
  #published: (() => void) | undefined;

  constructor(uri = `file://${root}/examples/test.pktgdb`) {
    this.uri = uri;
    this.child = spawn(process.execPath, [join(root, 'dist/server.js'), '--stdio'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.stdout!.on('data', (data: Buffer) => this.#data(data));
  }

  #data(data: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    for (;;) {
      const match = /^Content-Length: (\d+)\r\n(?:.+\r\n)*\r\n/.exec(this.#buffer.toString('latin1', 0, 200));
      const end = match === null ? 0 : match[0].length + Number(match[1]);
      if (match === null || this.#buffer.length < end) {
        return;
      }
      const message = JSON.parse(this.#buffer.toString('utf8', match[0].length, end)) as Message;
      this.#buffer = this.#buffer.subarray(end);
      if (message.id !== undefined && message.method === undefined) {
        this.#answers.get(message.id)?.(message);
      } else if (message.method === 'textDocument/publishDiagnostics' && message.params) {
        this.#diagnostics = message.params;
        this.#published?.();
      }
    }
  }

  #write(message: object): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.child.stdin!.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  notify(method: string, params: object): void {
    this.#write({ method, params });
  }

  async request<T>(method: string, params: object | null = {}): Promise<T> {
    const id = ++this.#next;
    const answer = await new Promise<Message>((resolve) => {
      this.#answers.set(id, resolve);
      this.#write({ id, method, params });
    });
    if (answer.error) {
      throw new Error(`${method}: ${answer.error.message}`);
    }
    return answer.result as T;
  }

  async start(): Promise<{ readonly capabilities: Readonly<Record<string, unknown>> }> {
    const params = { processId: process.pid, rootUri: null, capabilities: {} };
    const result = await this.request<{ capabilities: Record<string, unknown> }>('initialize', params);
    this.notify('initialized', {});
    return result;
  }

  /** Makes `text` the document's content. */
  set(text: string): void {
    this.#version++;
    if (this.#version === 1) {
      const textDocument = { uri: this.uri, languageId: 'pktgdb', version: this.#version, text };
      this.notify('textDocument/didOpen', { textDocument });
    } else {
      const textDocument = { uri: this.uri, version: this.#version };
      this.notify('textDocument/didChange', { textDocument, contentChanges: [{ text }] });
    }
  }

  /** The problems of `text`. */
  async check(text: string): Promise<Diagnostic[]> {
    this.set(text);
    while (this.#diagnostics?.version !== this.#version) {
      await new Promise<void>((resolve) => {
        this.#published = resolve;
      });
    }
    return this.#diagnostics.diagnostics;
  }

  /** The problems of `text`, a line each: place, text there, message. */
  async problems(text: string): Promise<string[]> {
    const lines = text.split('\n');
    return (await this.check(text)).map(({ range: { start, end }, message, severity }) => {
      const there = lines[start.line]!.slice(start.character, end.line === start.line ? end.character : undefined);
      return `${start.line + 1}: ${severity === 1 ? '' : 'warning: '}[${there}] ${message}`;
    });
  }

  /** Asks about the place of the `|` in a text. */
  at<T>(method: string, marked: string): Promise<T> {
    const { text, position } = cursor(marked);
    this.set(text);
    return this.request<T>(`textDocument/${method}`, { textDocument: { uri: this.uri }, position });
  }

  /** Asks about the document. */
  ofDocument<T>(method: string, text: string): Promise<T> {
    this.set(text);
    return this.request<T>(`textDocument/${method}`, { textDocument: { uri: this.uri } });
  }

  async stop(): Promise<number | null> {
    const exited = once(this.child, 'exit');
    await this.request('shutdown', null);
    this.notify('exit', {});
    await exited;
    return this.child.exitCode;
  }
}
