/**
 * Editors that people have, with the recipes of docs/clients.md as they stand there: the seed session, a replay, and
 * an adapter on a port. An editor that is not installed is skipped.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { capture, PKTGDB, ROOT } from '../kit/paths.ts';
import { SEED_ARGS, SEED_FRAMES, SEED_LISTEN } from '../kit/seed.ts';
import { tempFolder } from '../kit/temp.ts';
import { recipe } from './recipe.ts';

/** What an editor showed its user. */
interface Shown {
  readonly line: number;
  readonly buffer: string;
  readonly frames: readonly string[];
  /** What the console answered. */
  readonly port: string;
  readonly breakpoints: string;
  /** The lines after two steps. */
  readonly next: number;
  readonly in: number;
}

/** One session: attributes of its launch, and where its adapter is. */
interface Asked {
  readonly live: boolean;
  readonly launch: Readonly<Record<string, unknown>>;
  readonly port?: number;
}

interface Editor {
  readonly name: string;
  /** Why it cannot be tried here. */
  missing(): string | undefined;
  start(asked: Asked, folder: string): ChildProcess;
}

/** A folder with `pktgdb` as a package puts it into the path, and a recipe. */
function prepared(language: string): { folder: string; file: string; env: NodeJS.ProcessEnv } {
  const folder = tempFolder();
  writeFileSync(join(folder, 'pktgdb'), `#!/bin/sh\nexec "${process.execPath}" "${PKTGDB}" "$@"\n`, { mode: 0o755 });
  const file = join(folder, `recipe.${language}`);
  writeFileSync(file, recipe(language));
  return { folder, file, env: { ...process.env, HOME: folder, PATH: `${folder}${delimiter}${process.env['PATH']}` } };
}

/** The first of some folders that has `file`; a star stands for the name of one folder. */
function folderWith(file: string, places: readonly string[]): string | undefined {
  const expand = (place: string): string[] => {
    const [before, after] = place.split(/\*(.*)/s, 2);
    if (after === undefined || before === undefined) {
      return [place];
    }
    const parent = before.slice(0, before.lastIndexOf('/'));
    const start = before.slice(parent.length + 1);
    const names = existsSync(parent) ? readdirSync(parent).filter((name) => name.startsWith(start)) : [];
    return names.flatMap((name) => expand(join(parent, name) + after));
  };
  return places.flatMap(expand).find((folder) => existsSync(join(folder, file)));
}

/** The version that a program tells, 0 where there is none. */
function version(program: string, args: readonly string[], pattern: RegExp): number {
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return Number(pattern.exec(stdout ?? '')?.[1] ?? 0);
}

const DAPE = folderWith('dape.el', [
  join(ROOT, '.cache/clients/dape'),
  '/usr/share/emacs/site-lisp/elpa-src/dape-*',
  join(homedir(), '.emacs.d/elpa/dape-*'),
]);

const NVIM_DAP = folderWith('lua/dap.lua', [
  ...(process.env['PKTGDB_NVIM_DAP'] === undefined ? [] : [process.env['PKTGDB_NVIM_DAP']]),
  join(ROOT, '.cache/clients/nvim-dap'),
  join(homedir(), '.local/share/nvim/site/pack/*/start/nvim-dap'),
  join(homedir(), '.local/share/nvim/site/pack/*/opt/nvim-dap'),
  join(homedir(), '.local/share/nvim/lazy/nvim-dap'),
  '/usr/share/nvim/site/pack/*/start/nvim-dap',
]);

const EDITORS: readonly Editor[] = [
  {
    name: 'Emacs with dape',
    missing: () =>
      version('emacs', ['--version'], /GNU Emacs (\d+)/) < 29
        ? 'no Emacs 29 or newer'
        : DAPE === undefined
          ? 'no dape'
          : undefined,
    start: ({ live, launch, port }, folder) => {
      const { file, env } = prepared('elisp');
      const adapter = port === undefined ? [] : ['host', '"127.0.0.1"', 'port', String(port), 'command', 'nil'];
      const more = Object.entries(launch).flatMap(([name, value]) => [`:${name}`, lisp(value)]);
      const plist = `(${[...adapter, ...more].join(' ')})`;
      const script = join(ROOT, 'test/clients/dape-session.el');
      const args = ['-Q', '--batch', '-L', DAPE ?? '', '-l', script, file, plist, live ? 'live' : 'replay'];
      return spawn('emacs', args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    },
  },
  {
    name: 'Neovim with nvim-dap',
    missing: () =>
      version('nvim', ['--version'], /NVIM v0*\.?(\d+)/) === 0
        ? 'no Neovim'
        : NVIM_DAP === undefined
          ? 'no nvim-dap'
          : undefined,
    start: ({ live, launch, port }, folder) => {
      const { file, env } = prepared('lua');
      const adapter = port === undefined ? {} : { adapter: { type: 'server', host: '127.0.0.1', port } };
      const session = JSON.stringify({ recipe: file, more: launch, live, ...adapter });
      const script = join(ROOT, 'test/clients/nvim-session.lua');
      const args = [
        '--headless',
        '-u',
        'NONE',
        '-i',
        'NONE',
        '--cmd',
        `set rtp+=${NVIM_DAP}`,
        '-c',
        `luafile ${script}`,
        '-c',
        'cquit',
      ];
      const stdio = ['ignore', 'pipe', 'pipe'] as const;
      return spawn('nvim', args, { cwd: folder, env: { ...env, PKTGDB_SESSION: session }, stdio: [...stdio] });
    },
  },
];

/** A value as a literal of Emacs Lisp. */
function lisp(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(lisp).join(' ')}]` : JSON.stringify(value);
}

/** What the user of an editor saw; fails with all that it printed. */
async function session(editor: Editor, asked: Asked): Promise<Shown> {
  const child = editor.start(asked, tempFolder());
  let printed = '';
  child.stdout?.on('data', (data) => {
    printed += data;
  });
  child.stderr?.on('data', (data) => {
    printed += data;
  });
  const [code] = await once(child, 'close');
  const [, result] = /^RESULT (.*)$/m.exec(printed) ?? [];
  assert.ok(code === 0 && result !== undefined, `${editor.name} ended with ${code}:\n${printed.slice(-4000)}`);
  return JSON.parse(result) as Shown;
}

function check({ line, buffer, frames, port, breakpoints, next, in: into }: Shown): void {
  assert.deepEqual(frames, SEED_FRAMES);
  assert.equal(buffer, 'e1000.ts');
  const source = readFileSync(join(ROOT, 'adapter/stack/hw/net/e1000.ts'), 'utf8').split('\n');
  assert.match(source[line - 2] ?? '', /^export function e1000_receive_iov/);
  assert.equal(port, '5556');
  // The editor's breakpoints and the adapter's are one.
  assert.equal(breakpoints.match(/ breakpoint /g)?.length, 1);
  assert.match(breakpoints, /stop only if \$pkt\.tcp\.dstport == 5556/);
  assert.ok(line < next && next < into, `steps from line ${line} to ${next} and ${into}`);
}

for (const editor of EDITORS) {
  const missing = editor.missing();
  (missing === undefined ? describe : describe.skip)(missing ? `${editor.name}: ${missing}` : editor.name, function () {
    this.timeout(60_000);

    it('runs the seed session', async () => {
      check(await session(editor, { live: true, launch: { args: SEED_ARGS, guestCommands: [SEED_LISTEN] } }));
    });

    it('replays a capture', async () => {
      check(await session(editor, { live: false, launch: { trace: capture('02-hello.pcap') } }));
    });

    it('connects to an adapter that runs, with its token', async () => {
      const adapter = spawn(process.execPath, [PKTGDB, '-i', 'dap=0'], { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      do {
        said += String((await once(adapter.stderr, 'data'))[0]);
      } while (!said.includes('\n'));
      const [, port, token] = /127\.0\.0\.1:(\d+), token=(\S+)/.exec(said) ?? [];
      check(
        await session(editor, { live: false, launch: { trace: capture('02-hello.pcap'), token }, port: Number(port) }),
      );
      adapter.kill('SIGTERM');
      await once(adapter, 'exit');
    });
  });
}
