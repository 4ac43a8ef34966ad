/** The packet of a capture that the machine works on while it is stopped. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import * as vscode from 'vscode';
import { tracePath } from '../replays/model.ts';
import { THREAD_ID } from '../session/session-state.ts';
import type { Sessions, TrackedSession } from '../session/sessions.ts';

export class StandingPacket implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #changes = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changes.event;
  readonly #subscription: vscode.Disposable;
  #path: string | undefined;
  #packet = 0;
  /** Counts questions: the answer to an older one comes too late. */
  #asked = 0;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#subscription = sessions.onDidChange(() => void this.#ask());
  }

  /** The number of the packet in a capture, 0 for none. */
  of(path: string): number {
    return path === this.#path ? this.#packet : 0;
  }

  async #ask(): Promise<void> {
    const asked = ++this.#asked;
    const { current } = this.#sessions;
    const path = current && tracePath(current.session.configuration);
    const packet = path !== undefined && current?.state === 'stopped' ? await packetOf(current) : 0;
    if (asked === this.#asked && (path !== this.#path || packet !== this.#packet)) {
      this.#path = path;
      this.#packet = packet;
      this.#changes.fire();
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changes.dispose();
  }
}

/** The number of the packet that the innermost frame handles. */
async function packetOf(session: TrackedSession): Promise<number> {
  try {
    const stack = { threadId: THREAD_ID, startFrame: 0, levels: 1 };
    const { stackFrames } = await session.request<DebugProtocol.StackTraceResponse['body']>('stackTrace', stack);
    const question = { expression: '$pkt.frame.number', frameId: stackFrames[0]?.id, context: 'watch' };
    const { result } = await session.request<DebugProtocol.EvaluateResponse['body']>('evaluate', question);
    return Number(result) || 0;
  } catch {
    return 0; // no packet, or the machine runs again
  }
}
