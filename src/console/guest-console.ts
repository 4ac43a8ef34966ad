/** The guest's console as a terminal: made when a guest first prints, and kept after its machine has ended. */
import * as vscode from 'vscode';
import type { GuestInputArguments } from '../../adapter/dap/custom.ts';
import type { Sessions, TrackedSession } from '../session/sessions.ts';
import { guestInput, terminalOutput } from './guest-keys.ts';

/** What a guest has printed is kept up to this length, for a terminal that is closed and opened again. */
const MAX_HISTORY = 64 * 1024;

export class GuestConsoles implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #consoles = new Map<TrackedSession, GuestConsole>();
  readonly #subscriptions: vscode.Disposable[];

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
    this.#subscriptions = [
      sessions.onDidPrint(({ session, text }) => this.#printed(session, text)),
      sessions.onDidEnd((session) => this.#consoles.get(session)?.ended()),
      vscode.window.onDidCloseTerminal((terminal) => this.#closed(terminal)),
      vscode.commands.registerCommand('pktgdb.showGuestConsole', () => this.#show()),
    ];
  }

  #printed(session: TrackedSession, text: string): void {
    let console = this.#consoles.get(session);
    if (console === undefined) {
      this.#removeEnded();
      console = new GuestConsole(session);
      this.#consoles.set(session, console);
      console.show(true);
    }
    console.print(text);
  }

  #show(): void {
    const { current } = this.#sessions;
    const console = (current && this.#consoles.get(current)) ?? [...this.#consoles.values()].at(-1);
    if (console !== undefined) {
      console.show(false);
    } else {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('There is no guest console: the guest has printed nothing, or its console is the Debug Console.'),
      );
    }
  }

  #closed(terminal: vscode.Terminal): void {
    for (const [session, console] of this.#consoles) {
      if (console.terminal === terminal) {
        console.closed();
        if (session.state === 'ended') {
          this.#consoles.delete(session);
        }
      }
    }
  }

  /** Terminals of machines that have ended make room for a new one. */
  #removeEnded(): void {
    for (const [session, console] of this.#consoles) {
      if (session.state === 'ended') {
        this.#consoles.delete(session);
        console.terminal?.dispose();
      }
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
    for (const { terminal } of this.#consoles.values()) {
      terminal?.dispose();
    }
  }
}

/** The console of one session. */
class GuestConsole {
  terminal: vscode.Terminal | undefined;
  readonly #session: TrackedSession;
  #output: vscode.EventEmitter<string> | undefined;
  #history = '';
  #opened = false;

  constructor(session: TrackedSession) {
    this.#session = session;
  }

  print(text: string): void {
    const shown = terminalOutput(text);
    this.#history = (this.#history + shown).slice(-MAX_HISTORY);
    if (this.#opened) {
      this.#output?.fire(shown);
    }
  }

  /** Shows the terminal; a closed one is made again with what was printed. */
  show(preserveFocus: boolean): void {
    if (this.terminal === undefined) {
      const output = new vscode.EventEmitter<string>();
      this.#output = output;
      this.terminal = vscode.window.createTerminal({
        name: vscode.l10n.t('Guest Console: {0}', this.#session.session.name),
        iconPath: new vscode.ThemeIcon('vm'),
        isTransient: true,
        pty: {
          onDidWrite: output.event,
          open: () => {
            this.#opened = true;
            output.fire(this.#history);
          },
          close: () => {
            this.#opened = false;
          },
          handleInput: (typed: string) => this.#typed(typed),
        },
      });
    }
    this.terminal.show(preserveFocus);
  }

  ended(): void {
    this.print(`\n\x1b[2m${vscode.l10n.t('[the machine has ended]')}\x1b[0m\n`);
  }

  closed(): void {
    this.#opened = false;
    this.#output?.dispose();
    this.terminal = undefined;
  }

  #typed(typed: string): void {
    const text = guestInput(typed);
    if (text === '' || this.#session.state === 'ended') {
      return;
    }
    const args: GuestInputArguments = { text };
    this.#session.request('pktgdb/guestInput', args).catch((error: unknown) => {
      this.print(`\n\x1b[2m[${(error as Error).message}]\x1b[0m\n`);
    });
  }
}
