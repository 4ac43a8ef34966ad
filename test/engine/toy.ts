/** Builds the toy stack of test/engine/toy into .cache, so that the engine is tested apart from the real stack. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, PROBE_MODULE, PROBE_MODULE_SOURCE } from '../../adapter/compiler/compile.ts';
import { Engine } from '../../adapter/engine/engine.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const source = join(root, 'test/engine/toy');

function build(): string {
  const dist = join(root, `.cache/toy-${process.pid}/dist`);
  const files = new Map(
    readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((f) => f.endsWith('.ts'))
      .map((f) => [f.replaceAll('\\', '/'), readFileSync(join(source, f), 'utf8')]),
  );
  const result = compile(files);
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(dist, path)), { recursive: true });
    writeFileSync(join(dist, path), text);
  };
  for (const [path, text] of [...result.debug, [PROBE_MODULE, PROBE_MODULE_SOURCE] as const]) {
    put(`stack/debug/${path}`, text);
  }
  put('stack/debug-info.json', JSON.stringify(result.info));
  put('package.json', '{"type":"module"}');
  copyFileSync(join(root, 'dist/worker.js'), join(dist, 'worker.js'));
  return dist;
}

let dist: string | undefined;

/** An engine for the toy. */
export function toyEngine(): Promise<Engine> {
  dist ??= build();
  return Engine.create({ distDir: dist });
}
/** Line of the toy's main.ts that holds `text`. */
export function toyLine(text: string): number {
  const lines = readFileSync(join(source, 'softmmu/main.ts'), 'utf8').split('\n');
  const at = lines.findIndex((l) => l.includes(text));
  if (at < 0) {
    throw new Error(`no line with ${text}`);
  }
  return at + 1;
}
