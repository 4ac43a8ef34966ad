/** Replays: the question who the guest is, how far reading the capture is, and what the replay came to. */
import * as vscode from 'vscode';
import type { DivergencesBody, GuestsEventBody, ReplayBody } from '../../adapter/dap/custom.ts';
import type { SessionEvent, Sessions, TrackedSession } from '../session/sessions.ts';
import { DivergenceEditor } from './divergence-editor.ts';
import { accountText, divergenceRows, isReplayEnd, rememberedGuest, tracePath } from './model.ts';
import { ReadingProgress } from './reading-progress.ts';

/** Where the guests that were chosen are kept: addresses by capture. */
const GUESTS = 'pktgdb.guests';

export class Replays implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #memory: vscode.Memento;
  readonly #editor = new DivergenceEditor();
  readonly #subscriptions: vscode.Disposable[];

  constructor(sessions: Sessions, memory: vscode.Memento) {
    this.#sessions = sessions;
    this.#memory = memory;
    this.#subscriptions = [
      this.#editor,
      new ReadingProgress(sessions),
      sessions.onDidReceive((event) => this.#received(event)),
      vscode.commands.registerCommand('pktgdb.chooseGuest', () => this.#chooseGuest()),
      vscode.commands.registerCommand('pktgdb.showDivergences', () => this.#showDivergences(sessions.current)),
    ];
  }

  #received({ session, event, body }: SessionEvent): void {
    if (event === 'pktgdb/guests') {
      void this.#answerGuest(session, body as GuestsEventBody);
    } else if (isReplayEnd(event, body)) {
      void this.#ended(session);
    }
  }

  // ---- the guest ----

  get #chosen(): Readonly<Record<string, string>> {
    return this.#memory.get<Record<string, string>>(GUESTS) ?? {};
  }

  async #remember(path: string | undefined, address: string): Promise<void> {
    if (path !== undefined) {
      await this.#memory.update(GUESTS, { ...this.#chosen, [path]: address });
    }
  }

  /** The adapter waits for an answer; without one the start is given up. */
  async #answerGuest(session: TrackedSession, { hosts, connections }: GuestsEventBody): Promise<void> {
    const path = tracePath(session.session.configuration);
    const known = rememberedGuest(this.#chosen, path, hosts);
    const address = known ?? (await this.#pickGuest(session, hosts, connections));
    if (address !== undefined && known === undefined) {
      await this.#remember(path, address);
    }
    if (session.state !== 'ended') {
      await session.request('pktgdb/guest', address === undefined ? {} : { address }).catch(() => undefined);
    }
  }

  /** Offers the hosts of a capture, the likeliest first. Undefined if the user gives up, or the session has ended. */
  async #pickGuest(
    session: TrackedSession,
    hosts: GuestsEventBody['hosts'],
    connections: number,
    now?: string,
  ): Promise<string | undefined> {
    const items = hosts.map(({ address, opens, packets }) => ({
      label: address,
      description:
        vscode.l10n.t('opens {0} of {1} connections, {2} packets', opens, connections, packets) +
        (address === now ? ` (${vscode.l10n.t('is the guest now')})` : ''),
    }));
    const source = new vscode.CancellationTokenSource();
    const ended = this.#sessions.onDidEnd((one) => one === session && source.cancel());
    const options = {
      title: vscode.l10n.t('Host to Play as the Guest'),
      placeHolder: vscode.l10n.t('Its packets go through the guest; the others are the network.'),
      ignoreFocusOut: true,
    };
    const picked = await vscode.window.showQuickPick(items, options, source.token);
    ended.dispose();
    source.dispose();
    return picked?.label;
  }

  /** The command: another guest for the capture that is being replayed, which starts again. */
  async #chooseGuest(): Promise<void> {
    const session = this.#sessions.current;
    const replay = session && (await replayOf(session));
    if (session === undefined || replay === undefined) {
      await vscode.window.showInformationMessage(vscode.l10n.t('No capture is being replayed.'));
      return;
    }
    const { hosts, account, guest } = replay;
    const address = await this.#pickGuest(session, hosts, account.connections.total, guest);
    if (address === undefined) {
      return;
    }
    const { configuration } = session.session;
    await this.#remember(tracePath(configuration), address);
    try {
      await session.request('restart', { arguments: { ...configuration, traceGuest: address } });
    } catch (error) {
      await vscode.window.showErrorMessage((error as Error).message);
    }
  }

  // ---- the end ----

  async #ended(session: TrackedSession): Promise<void> {
    const replay = await replayOf(session);
    if (replay === undefined) {
      return;
    }
    const show = vscode.l10n.t('Divergences');
    const buttons = replay.divergences > 0 ? [show] : [];
    if ((await vscode.window.showInformationMessage(accountText(replay), ...buttons)) === show) {
      await this.#showDivergences(session);
    }
  }

  /** Lists the divergences, and opens those that the user takes. */
  async #showDivergences(session: TrackedSession | undefined): Promise<void> {
    let report: DivergencesBody | undefined;
    try {
      report = await session?.request<DivergencesBody>('pktgdb/divergences');
    } catch {
      // The machine is gone, or there is no capture.
    }
    if (session === undefined || report === undefined || report.divergences.length === 0) {
      const none = vscode.l10n.t('There are no divergences: nothing is being replayed, or all packets are the same.');
      await vscode.window.showInformationMessage(none);
      return;
    }
    const picked = await vscode.window.showQuickPick(divergenceRows(report), {
      title: vscode.l10n.t('Captured Packets and What Was Sent'),
      matchOnDescription: true,
      matchOnDetail: true,
    });
    if (picked !== undefined) {
      await this.#editor.open(session, picked);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}

/** What a session replays; undefined if it replays nothing. */
async function replayOf(session: TrackedSession): Promise<ReplayBody | undefined> {
  try {
    return await session.request<ReplayBody>('pktgdb/replay');
  } catch {
    return undefined;
  }
}
