/**
 * Whichever module of the stack comes first, no top-level code needs something of a module that is not loaded yet: the
 * order of imports must not matter, in the circles that `cycles.test.ts` lets stand either.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { compile, PROBE_MODULE, PROBE_MODULE_SOURCE } from '../../adapter/compiler/compile.ts';
import { ROOT } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { sources } from './sources.ts';

const FOLDER = 'adapter/stack/';

/** Imports the module whose URL it is given; posts the error's message, or ''. */
const LOADER = `
const { parentPort, workerData } = require('node:worker_threads');
const bytes = new Uint8Array(1 << 16);
globalThis.__pktgdb = { A: bytes, E: bytes.slice(), T: new Float64Array([0, Infinity]), D: [], tick() {}, module() {} };
import(workerData).then(() => parentPort.postMessage(''), (e) => parentPort.postMessage(String(e.message)));
`;

/** Why a module cannot be the first one loaded, or ''. */
function load(file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(LOADER, { eval: true, execArgv: [], workerData: pathToFileURL(file).href });
    worker.on('message', resolve);
    worker.on('error', reject);
  });
}

describe('loading the stack', () => {
  it('works from every module', async function () {
    this.timeout(180_000);
    const files = new Map(sources(FOLDER).map((s) => [s.path.slice(FOLDER.length), s.text]));
    const { debug } = compile(files, { lib: false });
    const folder = tempFolder();
    for (const [path, js] of [...debug, [PROBE_MODULE, PROBE_MODULE_SOURCE], ['package.json', '{"type":"module"}']]) {
      const file = join(folder, path!);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, js!);
    }
    const failures: string[] = [];
    const paths = [...debug.keys()];
    const lane = async (): Promise<void> => {
      for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
        const message = await load(join(folder, path));
        if (message) {
          failures.push(`${path}: ${message}`);
        }
      }
    };
    await Promise.all([lane(), lane()]);
    assert.deepEqual(failures, []);
  });
});

/** The files that a bundle is made of, by its source map. */
function sourcesOf(bundle: string): string[] {
  const { sources: paths } = JSON.parse(readFileSync(join(ROOT, 'dist', `${bundle}.map`), 'utf8')) as {
    readonly sources: readonly string[];
  };
  return paths.map((path) => path.replace(/^(\.\.\/)+/, ''));
}

describe('loading the machine', () => {
  const protocols = (bundle: string): string[] =>
    sourcesOf(bundle).filter((path) => path.startsWith('adapter/packets/protocols/'));

  it('does without what takes packets apart, which is a bundle of its own', () => {
    assert.deepEqual(protocols('worker.js'), []);
    assert.ok(protocols('dissected.cjs').length > 100);
  });
});
