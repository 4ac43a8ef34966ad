/** Packets of a capture that its replay dropped, or answered otherwise: what listings mark. */
import * as vscode from 'vscode';
import type { DivergencesBody, DropsBody, QueryRowsEventBody } from '../../adapter/dap/custom.ts';
import { tracePath } from '../replays/model.ts';
import type { Sessions, TrackedSession } from '../session/sessions.ts';
import { DROPS_QUERY, divergenceMarks, dropMarks } from './marks.ts';
import type { PacketMark } from './messages.ts';

export class ReplayMarks implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #changes = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changes.event;
  readonly #subscriptions: readonly vscode.Disposable[];
  /** Is anybody looking? Drops are searched for in history, which takes a while where that is long. */
  readonly #wanted: (path: string) => boolean;
  #path: string | undefined;
  #divergent: readonly PacketMark[] = [];
  #dropped: readonly PacketMark[] = [];
  /** Rows of the query that goes on. */
  #rows: QueryRowsEventBody['rows'][number][] = [];
  /** The session that has been asked, and how many drops there were. */
  #asked: { readonly id: string; readonly drops: number } = { id: '', drops: 0 };

  constructor(sessions: Sessions, wanted: (path: string) => boolean) {
    this.#sessions = sessions;
    this.#wanted = wanted;
    this.#subscriptions = [
      this.#changes,
      sessions.onDidChange(() => void this.ask()),
      sessions.onDidReceive(({ session, event, body }) => {
        const { id, rows } = body as QueryRowsEventBody;
        if (event === 'pktgdb/queryRows' && id === DROPS_QUERY.id && session === sessions.current) {
          this.#rows.push(...rows);
        }
      }),
    ];
  }

  of(path: string): readonly PacketMark[] {
    return path === this.#path ? [...this.#divergent, ...this.#dropped] : [];
  }

  /** Asks the session that stands what there is to mark. What was marked stays until the next stop. */
  async ask(): Promise<void> {
    const { current } = this.#sessions;
    const path = current && tracePath(current.session.configuration);
    if (path === undefined || current?.state !== 'stopped' || !this.#wanted(path)) {
      return;
    }
    try {
      const { divergences } = await current.request<DivergencesBody>('pktgdb/divergences');
      if (path !== this.#path) {
        this.#dropped = [];
      }
      this.#path = path;
      this.#divergent = divergenceMarks(divergences);
      this.#changes.fire();
      await this.#askDrops(current);
      this.#changes.fire();
    } catch {
      // The machine is gone, or keeps no history.
    }
  }

  async #askDrops(session: TrackedSession): Promise<void> {
    const { reasons } = await session.request<DropsBody>('pktgdb/drops', { countsOnly: true });
    const { id } = session.session;
    const drops = reasons.reduce((n, { count }) => n + count, 0);
    // In the past there are fewer, and what is known of the present stays.
    if (id === this.#asked.id && drops <= this.#asked.drops) {
      return;
    }
    this.#asked = { id, drops };
    this.#rows = [];
    if (drops > 0) {
      await session.request('pktgdb/query', DROPS_QUERY);
    }
    this.#dropped = dropMarks(this.#rows, reasons);
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}
