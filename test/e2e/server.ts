/** A VS Code in a browser: code-server with the packaged extension in a scratch folder of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What scripts/e2e.mjs hands over in PKTGDB_E2E, as JSON. */
export interface Setup {
  readonly chromium: string;
  readonly node: string;
  readonly codeServer: string;
  readonly playwright: string;
  /** The packaged extension. */
  readonly vsix: string;
  /** Scratch folder of this run. */
  readonly run: string;
  /** Where screenshots go. */
  readonly shots: string;
}

/** The setup. Throws if the test was not started by scripts/e2e.mjs. */
export function readSetup(): Setup {
  const text = process.env['PKTGDB_E2E'];
  if (text === undefined) {
    throw new Error('PKTGDB_E2E is not set: run `npm run test:e2e`');
  }
  return JSON.parse(text) as Setup;
}

/** A quiet workbench whose text can be read from the page, and the same in every run. */
const SETTINGS = {
  'workbench.colorTheme': 'Dark 2026',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.reduceMotion': 'on',
  'chat.disableAIFeatures': true,
  'editor.fontFamily': 'DejaVu Sans Mono',
  'terminal.integrated.fontFamily': 'DejaVu Sans Mono',
  'terminal.integrated.gpuAcceleration': 'off',
  'editor.minimap.enabled': false,
  'breadcrumbs.enabled': false,
  'remote.autoForwardPorts': false,
  'git.enabled': false,
  'npm.autoDetect': 'off',
  'typescript.disableAutomaticTypeAcquisition': true,
  'extensions.autoUpdate': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'window.confirmBeforeClose': 'never',
  'debug.confirmOnExit': 'never',
};

/** A TCP port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An extension that plays a coding agent. */
const AGENT_DRIVER = fileURLToPath(new URL('agent-driver', import.meta.url));

export class Server {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  /** Installs the extension and starts the server; resolves when it serves. Throws its output if it does not start. */
  static async start(setup: Setup): Promise<Server> {
    rmSync(setup.run, { recursive: true, force: true });
    // Found when VS Code looks at the folder for the first time.
    cpSync(AGENT_DRIVER, join(setup.run, 'extensions/test.agent-driver-0.0.1'), { recursive: true });
    const server = new Prepared(setup, 'user', SETTINGS);
    await server.run('--install-extension', setup.vsix);
    return Server.#serving(server, '--disable-workspace-trust');
  }

  /** Another one, with what the first has installed, in which no folder is trusted and no question asks for that. */
  static restricted(setup: Setup): Promise<Server> {
    const quiet = { 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.banner': 'always' };
    return Server.#serving(new Prepared(setup, 'restricted', { ...SETTINGS, ...quiet }));
  }

  static async #serving(server: Prepared, ...args: readonly string[]): Promise<Server> {
    const address = `127.0.0.1:${await freePort()}`;
    const child = server.spawn('--auth', 'none', '--bind-addr', address, ...QUIET, ...args);
    await listening(child);
    return new Server(child, `http://${address}/`);
  }

  /** Ends the server and everything it started. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    if (this.#process.exitCode === null && this.#process.pid !== undefined) {
      process.kill(-this.#process.pid, 'SIGTERM');
      await ended;
    }
  }
}

/** A code-server with its folders and settings. */
class Prepared {
  readonly #node: string;
  readonly #common: readonly string[];
  readonly #env: NodeJS.ProcessEnv;

  constructor(setup: Setup, userFolder: string, settings: object) {
    const user = join(setup.run, userFolder);
    const home = join(setup.run, 'home');
    mkdirSync(join(user, 'User'), { recursive: true });
    mkdirSync(home, { recursive: true });
    writeFileSync(join(user, 'User/settings.json'), JSON.stringify(settings, null, 2));
    const config = join(setup.run, 'config.yaml');
    writeFileSync(config, '');
    const folders = ['--user-data-dir', user, '--extensions-dir', join(setup.run, 'extensions')];
    this.#node = setup.node;
    this.#common = [setup.codeServer, '--config', config, ...folders];
    // No gallery, and a home that holds nothing of this machine's.
    const gallery = JSON.stringify({ serviceUrl: 'http://127.0.0.1:9/none' });
    this.#env = { ...process.env, HOME: home, EXTENSIONS_GALLERY: gallery };
  }

  /** Runs it to its end. */
  async run(...args: readonly string[]): Promise<void> {
    await promisify(execFile)(this.#node, [...this.#common, ...args], { env: this.#env });
  }

  spawn(...args: readonly string[]): ChildProcess {
    return spawn(this.#node, [...this.#common, ...args], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a process group, so that nothing of it stays
    });
  }
}

const QUIET = [
  '--disable-telemetry',
  '--disable-update-check',
  '--disable-getting-started-override',
  '--disable-proxy',
];

/** Resolves when the server says that it listens; goes on reading its output so that it never blocks. */
function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (data: Buffer): void => {
      output = (output + data).slice(-10_000);
      if (output.includes('HTTP server listening')) {
        resolve();
      }
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`code-server ended with status ${code}:\n${output}`)));
  });
}
