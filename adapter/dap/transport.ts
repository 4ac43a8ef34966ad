/**
 * DAP's framing ("Content-Length: N", blank line, N bytes of JSON), written to survive what is not DAP.
 * The reader reports garbage and looks for the next header instead of stopping.
 */

/** No header of a DAP client comes near this. */
const MAX_HEADER_BYTES = 8 * 1024;
/** Nor a message near this (a source file or a memory block in base64). */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

const HEADER_END = Buffer.from('\r\n\r\n');
const HEADER_START = /content-length:/i;
/** What may stand before it: whole headers. The first line of an HTTP request is none, so no web page gets through. */
const OTHER_HEADERS = /^(?:[\w-]+:[^\r\n]*\r\n)*$/;

/** Cuts a byte stream into JSON values. Feed it with `push`; problems are described, then skipped. */
export class MessageReader {
  readonly #message: (value: unknown) => void;
  readonly #problem: (text: string) => void;
  #pending = Buffer.alloc(0);
  /** Chunks that have arrived since `#pending` was last put together; a long body is then copied once. */
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  /** Length of the body that is awaited, or -1 while a header is. */
  #bodyLength = -1;

  constructor(message: (value: unknown) => void, problem: (text: string) => void) {
    this.#message = message;
    this.#problem = problem;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
    if (this.#bodyLength >= 0 && this.#pending.length + this.#chunkBytes < this.#bodyLength) {
      return;
    }
    this.#pending = Buffer.concat([this.#pending, ...this.#chunks]);
    this.#chunks = [];
    this.#chunkBytes = 0;
    while (this.#bodyLength < 0 ? this.#header() : this.#body()) {
      // each turn takes one header, one body or one piece of garbage
    }
  }

  /** The stream is over: says so if it ended inside a message. */
  end(): void {
    if (this.#pending.length + this.#chunkBytes > 0) {
      this.#problem(`the input ended inside a message (${this.#pending.length + this.#chunkBytes} bytes left over)`);
    }
  }

  #header(): boolean {
    const end = this.#pending.indexOf(HEADER_END);
    if (end < 0) {
      if (this.#pending.length <= MAX_HEADER_BYTES) {
        return false;
      }
      this.#problem(`a header of more than ${MAX_HEADER_BYTES} bytes`);
      return this.#skipTo(this.#nextHeader(1));
    }
    const header = this.#pending.toString('latin1', 0, end);
    // Garbage in front of a header (the rest of a message with a wrong length) ends where the header's name starts.
    const start = header.search(HEADER_START);
    const length = /^content-length:[ \t]*(\d+)[ \t]*(\r\n|$)/i.exec(start < 0 ? '' : header.slice(start))?.[1];
    if (start > 0 && !OTHER_HEADERS.test(header.slice(0, start))) {
      this.#problem(`${start} bytes that belong to no message: ${excerpt(header.slice(0, start))}`);
    }
    if (length === undefined) {
      this.#problem(`a header without a valid Content-Length: ${excerpt(header)}`);
    } else if (Number(length) > MAX_BODY_BYTES) {
      this.#problem(`a Content-Length of ${length}; at most ${MAX_BODY_BYTES} is accepted`);
    } else {
      this.#bodyLength = Number(length);
    }
    this.#pending = this.#pending.subarray(end + HEADER_END.length);
    return true;
  }

  #body(): boolean {
    const length = this.#bodyLength;
    if (this.#pending.length < length) {
      return false;
    }
    this.#bodyLength = -1;
    const text = this.#pending.toString('utf8', 0, length);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      this.#problem(`a message that is not JSON (${(error as Error).message}): ${excerpt(text)}`);
      // A length that was too large has swallowed the start of the next message: give that back.
      const next = this.#nextHeader(0);
      return this.#skipTo(next >= 0 && next < length ? next : length);
    }
    this.#pending = this.#pending.subarray(length);
    this.#message(value);
    return true;
  }

  /** Index of the next header's name at or after `from`, or -1. */
  #nextHeader(from: number): number {
    const index = this.#pending.toString('latin1', from).search(HEADER_START);
    return index < 0 ? -1 : from + index;
  }

  /** Drops what is before `index`; with -1 all but a tail that may be the start of a header. */
  #skipTo(index: number): boolean {
    const keep = 'Content-Length:'.length - 1;
    this.#pending = this.#pending.subarray(index < 0 ? Math.max(0, this.#pending.length - keep) : index);
    return true;
  }
}

/** The first characters of `text` in one line, for a log. */
function excerpt(text: string): string {
  const line = JSON.stringify(text);
  return line.length > 120 ? `${line.slice(0, 117)}..."` : line;
}

/** Encodes one message. */
export function encodeMessage(message: unknown): string {
  const json = JSON.stringify(message);
  return `Content-Length: ${Buffer.byteLength(json, 'utf8')}\r\n\r\n${json}`;
}
