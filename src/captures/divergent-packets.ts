/** Packets of a capture that its replay answered otherwise, or not at all: what listings mark. */
import * as vscode from 'vscode';
import type { DivergencesBody } from '../../adapter/dap/custom.ts';
import { tracePath } from '../replays/model.ts';
import type { Sessions } from '../session/sessions.ts';
import { divergenceMarks } from './marks.ts';
import type { PacketMark } from './messages.ts';

export class DivergentPackets implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #changes = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changes.event;
  readonly #subscription: vscode.Disposable;
  #path: string | undefined;
  #marks: readonly PacketMark[] = [];

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#subscription = sessions.onDidChange(() => void this.#ask());
  }

  of(path: string): readonly PacketMark[] {
    return path === this.#path ? this.#marks : [];
  }

  async #ask(): Promise<void> {
    const { current } = this.#sessions;
    const path = current && tracePath(current.session.configuration);
    if (path === undefined || current?.state !== 'stopped') {
      return; // what was marked stays until the next stop
    }
    try {
      const { divergences } = await current.request<DivergencesBody>('pktgdb/divergences');
      this.#path = path;
      this.#marks = divergenceMarks(divergences);
      this.#changes.fire();
    } catch {
      // The machine is gone.
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changes.dispose();
  }
}
