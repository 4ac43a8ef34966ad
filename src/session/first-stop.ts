/** What a session shows by itself: once, at its first stop, our views; and after its start, what to do next. */
import * as vscode from 'vscode';
import type { ConnectionsBody } from '../../adapter/dap/custom.ts';
import { firstForward } from '../sending/packets.ts';
import type { Sessions, TrackedSession } from './sessions.ts';

/** Where it is kept that the hint is not wanted any more. */
const NO_HINT = 'pktgdb.noHint';

/** Ticks a step of the walkthrough. */
function did(what: 'hasStarted' | 'hasStopped' | 'hasLooked'): void {
  void vscode.commands.executeCommand('setContext', `pktgdb.${what}`, true);
}

export class FirstStop implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #memory: vscode.Memento;
  readonly #subscription: vscode.Disposable;
  /** Sessions that have stopped, and that have been told what to do. */
  readonly #stopped = new WeakSet<TrackedSession>();
  readonly #hinted = new WeakSet<TrackedSession>();

  constructor(sessions: Sessions, memory: vscode.Memento) {
    this.#sessions = sessions;
    this.#memory = memory;
    this.#subscription = vscode.Disposable.from(
      sessions.onDidChange(() => this.#changed()),
      sessions.onDidPrint(({ session }) => void this.#hint(session)),
      vscode.commands.registerCommand('pktgdb.showPanel', () => this.#show()),
    );
  }

  #changed(): void {
    const { current } = this.#sessions;
    if (current?.state === 'running') {
      did('hasStarted');
    }
    if (current?.state === 'stopped' && !this.#stopped.has(current)) {
      this.#stopped.add(current);
      did('hasStopped');
      // The editor keeps the focus: it shows where the machine stands.
      void vscode.commands.executeCommand('pktgdb.registers.focus', { preserveFocus: true });
    }
  }

  /** Shows the views; without a session there is nothing in them, so one is started. */
  async #show(): Promise<void> {
    if (this.#sessions.current === undefined) {
      await vscode.commands.executeCommand('pktgdb.debugPackets');
    }
    await vscode.commands.executeCommand('pktgdb.registers.focus');
    did('hasLooked');
  }

  /** The guest is up: says how a packet gets to it, with the port that leads there. */
  async #hint(session: TrackedSession): Promise<void> {
    if (this.#hinted.has(session) || this.#memory.get(NO_HINT) === true) {
      return;
    }
    this.#hinted.add(session);
    const forward = await session.request<ConnectionsBody>('pktgdb/connections').then(firstForward, () => undefined);
    if (forward === undefined || session.state === 'ended') {
      return;
    }
    const send = vscode.l10n.t('Send a Packet...');
    const stop = vscode.l10n.t('Break on Function...');
    const never = vscode.l10n.t("Don't Show Again");
    const text = vscode.l10n.t(
      'The machine runs. Say where to stop, then send something to {0}:{1}.',
      forward.host,
      forward.port,
    );
    const answer = await vscode.window.showInformationMessage(text, send, stop, never);
    if (answer === send) {
      await vscode.commands.executeCommand('pktgdb.sendPacket');
    } else if (answer === stop) {
      await vscode.commands.executeCommand('pktgdb.breakOnFunction');
    } else if (answer === never) {
      await this.#memory.update(NO_HINT, true);
    }
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}
