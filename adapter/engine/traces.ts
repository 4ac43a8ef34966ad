/** What a launch is to replay: a capture, or a saved recording. */
import { EngineError, GivenUpError, type LaunchOptions } from './api.ts';
import { loadReplay, type Replay, replayAgain } from './launch.ts';
import { type OpenedRecording, openSaved, sniffSaved } from './opening.ts';

/** A capture that can be read once only. */
const STDIN = '-';

export interface TraceHooks {
  progress(what: string, done: number, total: number): void;
  warn(text: string): void;
}

const pathsOf = ({ trace }: LaunchOptions): readonly string[] => (typeof trace === 'string' ? [trace] : (trace ?? []));

export class Traces {
  readonly #hooks: TraceHooks;
  /** The capture of the current or last run. */
  replay: Replay | undefined;
  /** The saved recording that it is of. */
  recording: OpenedRecording | undefined;
  /** The names of the capture's files. */
  #paths = '';
  /** Ends the reading. */
  #reading = new AbortController();

  constructor(hooks: TraceHooks) {
    this.#hooks = hooks;
  }

  /** True if what is to be replayed is a saved recording, and not to be played as a capture. Throws `EngineError`. */
  async isRecording(options: LaunchOptions, buildId: string): Promise<boolean> {
    const [path, second] = pathsOf(options);
    const head = path === undefined || path === STDIN || second !== undefined ? undefined : sniffSaved(path);
    if (head === undefined || head.buildId === buildId) {
      return head !== undefined;
    }
    const other = `${path} was saved by another build of the debugger, so its past cannot be executed here.`;
    if (options.otherBuild && !(await options.otherBuild(`${other}\nPlay its packets as a capture?`))) {
      throw new GivenUpError('The recording was not opened.');
    }
    this.#hooks.warn(`${other} Its packets are played as a capture.`);
    return false;
  }

  /** Opens a saved recording; an interrupt gives it up. Throws `EngineError`. */
  async open(options: LaunchOptions): Promise<OpenedRecording> {
    this.close();
    this.#reading = new AbortController();
    const [path = ''] = pathsOf(options);
    const told = (done: number, total: number): void => this.#hooks.progress('Reading the recording', done, total);
    const opened = await openSaved(path, { told, signal: this.#reading.signal });
    this.recording = opened;
    this.replay = opened.replayed;
    return opened;
  }

  /** Reads the capture of a launch, if there is one; an interrupt gives it up. Throws `EngineError`. */
  async load(options: LaunchOptions): Promise<Replay | undefined> {
    const paths = pathsOf(options);
    const again = this.replay && paths.includes(STDIN) && paths.join('\n') === this.#paths ? this.replay : undefined;
    if (!again) {
      this.close();
    }
    if (paths.length === 0) {
      return undefined;
    }
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    this.replay = again
      ? replayAgain(again, options.replay ?? {})
      : await loadReplay(paths, options.replay ?? {}, {
          told: (done, total) => this.#hooks.progress('Reading the capture', done, total),
          signal,
        });
    this.#paths = paths.join('\n');
    return this.replay;
  }

  /** Gives up what is being read. */
  abort(): void {
    this.#reading.abort();
  }

  close(): void {
    for (const opened of this.replay?.opened ?? []) {
      opened.close();
    }
    this.replay = undefined;
    this.recording?.close();
    this.recording = undefined;
  }
}

/** What went wrong, for the user. */
export function engineError(e: unknown): EngineError {
  return e instanceof EngineError ? e : new EngineError(e instanceof Error ? e.message : String(e));
}
