/** The moment that the session shows while it is stopped, and where its call stack is. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';
import type { HistoryBody } from '../../adapter/dap/custom.ts';
import { THREAD_ID } from '../session/session-state.ts';
import type { Sessions, TrackedSession } from '../session/sessions.ts';
import { type FramePlace, isUriText, NO_HISTORY, notNow } from './history-model.ts';

/** A stop in history or in a what-if; `frames` is empty in the present. */
export interface Shown {
  readonly history: HistoryBody;
  readonly frames: readonly FramePlace[];
}

const NOTHING: Shown = { history: NO_HISTORY, frames: [] };

export class ShownMoment implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #changes = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changes.event;
  readonly #subscription: vscode.Disposable;
  #shown = NOTHING;
  /** Counts questions: the answer to an older one comes too late. */
  #asked = 0;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#subscription = sessions.onDidChange(() => void this.#ask());
  }

  get shown(): Shown {
    return this.#shown;
  }

  /** While the machine runs the buttons stay as they are, disabled, lest the toolbar jumps at each step. */
  async #ask(): Promise<void> {
    const asked = ++this.#asked;
    const { current } = this.#sessions;
    const shown = current?.state === 'stopped' ? await shownBy(current) : passing(current, this.#shown);
    if (asked === this.#asked) {
      this.#shown = shown;
      this.#changes.fire();
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changes.dispose();
  }
}

/** What is shown while the machine runs: no moment. */
function passing(session: TrackedSession | undefined, before: Shown): Shown {
  const runs = session?.state === 'running';
  return runs ? { ...NOTHING, history: { ...NO_HISTORY, recorded: before.history.recorded } } : NOTHING;
}

async function shownBy(session: TrackedSession): Promise<Shown> {
  try {
    const history = await session.request<HistoryBody>('pktgdb/history');
    return { history, frames: notNow(history) ? await framesOf(session) : [] };
  } catch {
    return NOTHING; // the machine runs again, or is gone
  }
}

async function framesOf(session: TrackedSession): Promise<FramePlace[]> {
  const stack = { threadId: THREAD_ID, startFrame: 0, levels: 0 };
  const { stackFrames } = await session.request<DebugProtocol.StackTraceResponse['body']>('stackTrace', stack);
  return stackFrames.flatMap(({ source, line }) =>
    source?.path === undefined ? [] : [{ path: filePath(source.path), line }],
  );
}

/** VS Code makes the text of a URI of a path in an adapter's answer, and hands that to us too. */
function filePath(path: string): string {
  return isUriText(path) ? vscode.Uri.parse(path).fsPath : path;
}
