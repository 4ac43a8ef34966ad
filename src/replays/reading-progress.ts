/**
 * Shows how far the adapter is with reading a capture while a session starts. VS Code shows progress of the session in
 * focus only, which one that starts is not.
 */
import * as vscode from 'vscode';
import type { SessionEvent, Sessions, TrackedSession } from '../session/sessions.ts';

interface ProgressBody {
  readonly progressId: string;
  readonly title?: string;
  readonly percentage?: number;
}

type Report = (percentage: number) => void;

export class ReadingProgress implements vscode.Disposable {
  /** By session: what shows its progress, and what ends that. */
  readonly #shown = new Map<TrackedSession, { readonly report: Report; readonly end: () => void }>();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(sessions: Sessions) {
    this.#subscriptions = [
      sessions.onDidReceive((event) => this.#received(event)),
      sessions.onDidEnd((session) => this.#end(session)),
    ];
  }

  #received({ session, event, body }: SessionEvent): void {
    const { progressId, title = '', percentage = 0 } = (body ?? {}) as ProgressBody;
    if (event === 'progressStart' && session.state === 'starting') {
      this.#start(session, progressId, title);
    }
    if (event === 'progressStart' || event === 'progressUpdate') {
      this.#shown.get(session)?.report(percentage);
    } else if (event === 'progressEnd') {
      this.#end(session);
    }
  }

  #start(session: TrackedSession, progressId: string, title: string): void {
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    let end: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let wanted = 0;
    let told = 0;
    // Reports may come before VS Code asks for them.
    let show = (): void => {};
    const report = (percentage: number): void => {
      wanted = percentage;
      show();
    };
    this.#shown.set(session, { report, end });
    void vscode.window.withProgress(options, (progress, token) => {
      show = () => {
        progress.report({ increment: wanted - told });
        told = wanted;
      };
      show();
      token.onCancellationRequested(() => {
        session.request('cancel', { progressId }).catch(() => undefined);
      });
      return ended;
    });
  }

  #end(session: TrackedSession): void {
    this.#shown.get(session)?.end();
    this.#shown.delete(session);
  }

  dispose(): void {
    for (const session of [...this.#shown.keys()]) {
      this.#end(session);
    }
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}
