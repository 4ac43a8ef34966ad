/** The log of one run as the main thread keeps it. */
import { LogLimit } from '../mailbox/log-limit.ts';
import { type LogChunk, memoryChunk } from '../mailbox/recorded.ts';

export class History {
  readonly limit: LogLimit;
  readonly #chunks: LogChunk[] = [];

  constructor(size: number) {
    this.limit = new LogLimit(size);
  }

  /** What is kept, for re-executions. */
  get log(): { readonly chunks: readonly LogChunk[]; readonly file: string } {
    return { chunks: [...this.#chunks], file: '' };
  }

  /** The inferior has begun a new chunk. */
  add(memory: SharedArrayBuffer): void {
    this.#chunks.push(memoryChunk(memory));
  }

  /** The inferior is at the limit and waits. */
  full(): void {
    this.limit.set(this.limit.at);
  }
}
