/**
 * What the build reads and what it leaves behind.
 * It is shared by the build and by the check before `npm start` and `npm test`.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Written last by a build that had no errors. */
export const stampFile = join(root, 'dist/.build.json');

/**
 * Programs to bundle: entry, output, module format, platform if it is not Node.
 * Those whose entry does not exist are left out.
 */
export const bundles = [
  { entry: 'adapter/main.ts', out: 'dist/pktgdb.js', format: 'esm', executable: true },
  { entry: 'adapter/machine.ts', out: 'dist/pktgdb-machine.js', format: 'esm', executable: true },
  { entry: 'adapter/passt/main.ts', out: 'dist/pktgdb-passt.js', format: 'esm', executable: true },
  { entry: 'adapter/replay-program.ts', out: 'dist/pktgdb-replay.js', format: 'esm', executable: true },
  { entry: 'adapter/agents/mcp.ts', out: 'dist/mcp.js', format: 'esm' },
  { entry: 'adapter/packets-program.ts', out: 'dist/packets.js', format: 'esm' },
  { entry: 'adapter/inferior/replay-task.ts', out: 'dist/replay-task.js', format: 'esm' },
  { entry: 'adapter/script/worker.ts', out: 'dist/script.js', format: 'esm' },
  { entry: 'adapter/inferior/worker.ts', out: 'dist/worker.js', format: 'esm' },
  { entry: 'adapter/inferior/dissected.ts', out: 'dist/dissected.cjs', format: 'cjs' },
  { entry: 'adapter/language/main.ts', out: 'dist/server.js', format: 'esm' },
  { entry: 'adapter/agents/window.ts', out: 'dist/agents.cjs', format: 'cjs' },
  { entry: 'src/language/client.ts', out: 'dist/language.cjs', format: 'cjs' },
  { entry: 'src/extension.ts', out: 'dist/extension.cjs', format: 'cjs' },
  { entry: 'src/webview/rings.ts', out: 'dist/rings.js', format: 'iife', platform: 'browser' },
  { entry: 'src/webview/journeys.ts', out: 'dist/journeys.js', format: 'iife', platform: 'browser' },
  { entry: 'src/webview/timeline.ts', out: 'dist/timeline.js', format: 'iife', platform: 'browser' },
  { entry: 'src/webview/packet.ts', out: 'dist/packet.js', format: 'iife', platform: 'browser' },
  { entry: 'src/webview/listing.ts', out: 'dist/listing.js', format: 'iife', platform: 'browser' },
].filter((b) => existsSync(join(root, b.entry)));

/** Files under a folder with one of the endings, as paths relative to it with forward slashes, sorted. */
export function filesUnder(folder, endings) {
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && endings.some((end) => e.name.endsWith(end)))
    .map((e) =>
      join(e.parentPath, e.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

/** A hash that changes when any input of the build may have changed: paths, times and sizes. */
export function inputSignature() {
  const files = [
    'package.json',
    'package-lock.json',
    ...['adapter', 'src', 'scripts'].flatMap((d) =>
      filesUnder(join(root, d), ['.ts', '.mjs', '.json']).map((f) => `${d}/${f}`),
    ),
  ];
  const hash = createHash('sha256');
  for (const f of files) {
    const s = statSync(join(root, f));
    hash.update(`${f}\0${s.mtimeMs}\0${s.size}\0`);
  }
  return hash.digest('hex');
}

/** What the last good build left in its stamp, or an empty object. */
export function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

/** True if the outputs are there and nothing has changed since. */
export function isBuilt() {
  const outputs = ['dist/stack/debug-info.json', ...bundles.map((b) => b.out)];
  return readStamp().inputs === inputSignature() && outputs.every((f) => existsSync(join(root, f)));
}
