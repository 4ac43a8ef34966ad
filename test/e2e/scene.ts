/** One VS Code for all cases; each case has a folder and a window of its own. */
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, watch, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Browser, launchBrowser } from './playwright.ts';
import { freePort, readSetup, Server } from './server.ts';
import { Workbench } from './workbench.ts';

const WINDOW = { width: 1280, height: 800 };
/** What comes and goes by itself: the size of a terminal, written over it when it is shown. */
const UNSTEADY = '.terminal-resize-overlay { display: none }';
const CAPTURE = new URL('../traces/02-hello.pcap', import.meta.url);

const setup = readSetup();
let server: Server;
let browser: Browser;
let cases = 0;

/** What the case at hand works with. */
export class Scene {
  readonly vscode: Workbench;
  readonly folder: string;
  /** A port of the host that is free: for hostfwd. */
  readonly port: number;

  constructor(vscode: Workbench, folder: string, port: number) {
    this.vscode = vscode;
    this.folder = folder;
    this.port = port;
  }

  /** A screenshot of the whole window, without what appears under the mouse. */
  async shot(name: string): Promise<void> {
    await this.vscode.page.mouse.move(WINDOW.width - 1, WINDOW.height - 1);
    await this.vscode.page.locator('.workbench-hover').first().waitFor({ state: 'hidden' });
    await this.vscode.page.screenshot({ path: this.path(name), style: UNSTEADY });
  }

  /** Where a screenshot goes. */
  path(name: string): string {
    return join(setup.shots, `${name}.png`);
  }
}

/** A file of a case's folder, by its name. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

const GUEST = ['nc -l -v -p 5556 > hello.txt'];

/** The launch.json of a machine like the default one, but whose forwarded port is `port`. */
export function launchJson(port: number, more: object = {}): string {
  const args = ['-netdev', `user,id=user.0,hostfwd=tcp:127.0.0.1:${port}-:5556`, '-device', 'e1000,netdev=user.0'];
  const configuration = {
    type: 'pktgdb',
    request: 'launch',
    name: 'Debug packets',
    args,
    guestCommands: GUEST,
    ...more,
  };
  return JSON.stringify({ version: '0.2.0', configurations: [configuration] }, null, 2);
}

/** The launch.json of a replay of a capture in the folder, named `Replay`. */
export function replayJson(capture: string, more: object = {}): string {
  const trace = `\${workspaceFolder}/${capture}`;
  return JSON.stringify({
    version: '0.2.0',
    configurations: [{ type: 'pktgdb', request: 'launch', name: 'Replay', trace, ...more }],
  });
}

/**
 * A case: `files` are written into its folder beside a capture and then `body` works with its window. What is on the
 * screen when it fails is kept.
 */
export function scene(
  title: string,
  files: (port: number, folder: string) => Files,
  body: (s: Scene) => Promise<void>,
  serverOf: () => Server = () => server,
): void {
  it(title, async () => {
    const name = title.replaceAll(/\W+/g, '-');
    const port = await freePort();
    const folder = join(setup.run, `${++cases}`, 'packets');
    mkdirSync(join(folder, '.vscode'), { recursive: true });
    copyFileSync(CAPTURE, join(folder, '02-hello.pcap'));
    for (const [file, text] of Object.entries(files(port, folder))) {
      writeFileSync(join(folder, file), text);
    }
    const context = await browser.newContext({ viewport: WINDOW, permissions: ['clipboard-read', 'clipboard-write'] });
    try {
      const page = await context.newPage();
      const vscode = await Workbench.open(page, serverOf().url, folder);
      const s = new Scene(vscode, folder, port);
      try {
        await body(s);
        await vscode.endSession();
      } catch (e) {
        await vscode.page.screenshot({ path: s.path(`failed-${name}`) }).catch(() => {});
        await vscode.endSession().catch(() => {}); // the first error says more
        throw e;
      }
    } finally {
      await context.close();
    }
  });
}

/** Cases in windows that trust no folder. */
export function restricted(title: string, files: Parameters<typeof scene>[1], body: Parameters<typeof scene>[2]): void {
  describe('restricted mode', () => {
    let untrusting: Server;
    before(async () => {
      untrusting = await Server.restricted(setup);
    });
    after(() => untrusting?.stop());
    scene(title, files, body, () => untrusting);
  });
}

/** A program that does nothing but write what it was given, a line each, to a file. */
export function fakeProgram(folder: string, name: string): { readonly path: string } {
  const path = join(folder, name);
  const said = join(folder, `${name}.said`);
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$@" > '${said}.new'\nmv '${said}.new' '${said}'\n`, { mode: 0o755 });
  return { path };
}

/** The content of a file of the folder, once it is there: what a fake program was given ends in `.said`. */
export async function said(folder: string, name: string, encoding: BufferEncoding = 'utf8'): Promise<string> {
  const path = join(folder, name);
  const files = watch(folder);
  try {
    while (!existsSync(path) || statSync(path).size === 0) {
      await once(files, 'change', { signal: AbortSignal.timeout(60_000) });
    }
  } finally {
    files.close();
  }
  return readFileSync(path, encoding);
}

/** Connects to a forwarded port and sends what `nc` would. */
export async function send(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => {}); // the machine ends with the session
  socket.end(text);
  return socket;
}

before(async function () {
  this.timeout(60_000);
  server = await Server.start(setup);
  browser = await launchBrowser(setup.playwright, setup.chromium);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});
