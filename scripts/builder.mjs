/**
 * Builds dist/: the stack compiled with and without probes, its debug info, and the bundled programs.
 * What one build has parsed is kept for the next one of the same process.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { context } from 'esbuild';
import { bundles, filesUnder, inputSignature, isBuilt, readStamp, root, stampFile } from './inputs.mjs';

const stackRoot = join(root, 'adapter/stack');
const stackOut = join(root, 'dist/stack');

/** V8's code of the instrumented stack: launches are slower without, and no different. */
const codeCache = join(root, 'dist/debug.cache');

/** Makes it; where this Node cannot, there is none. */
function cacheCode() {
  const flags = ['--experimental-vm-modules', '--no-warnings'];
  const args = [...flags, join(root, 'scripts/code-cache.mjs'), join(stackOut, 'debug'), codeCache];
  return new Promise((resolve) => execFile(process.execPath, args, () => resolve()));
}

/** Prints errors as `file:line:column: error: message`, so that editors make links of them. */
function report(file, line, column, message) {
  process.stderr.write(`${file}:${line}:${column}: error: ${message}\n`);
}

/** Writes a file if its content changes, whole or not at all. */
function write(file, content) {
  const bytes = Buffer.from(content);
  if (existsSync(file) && bytes.equals(readFileSync(file))) {
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.partial`;
  writeFileSync(partial, bytes);
  renameSync(partial, file);
}

/** Removes JavaScript of sources that are gone or could not be compiled. */
function removeOthers(folder, keep) {
  for (const f of filesUnder(folder, ['.js'])) {
    if (!keep.has(f)) {
      rmSync(join(folder, f));
    }
  }
}

/** esbuild's contexts by the file that they write: they know what has not changed since the last build. */
const contexts = new Map();

/** Has esbuild bundle `entry` into `out`. Reports what is wrong, and resolves to whether all was well. */
async function esbuild(entry, out, options) {
  if (!contexts.has(out)) {
    // esbuild itself would remove what it wrote when a later build fails.
    const all = { bundle: true, write: false, logLevel: 'silent', absWorkingDir: root, ...options };
    contexts.set(out, context({ entryPoints: [join(root, entry)], outfile: join(root, out), ...all }));
  }
  try {
    const { outputFiles } = await (await contexts.get(out)).rebuild();
    for (const { path, contents } of outputFiles) {
      write(path, contents);
    }
    return true;
  } catch (e) {
    if (!e.errors) {
      throw e;
    }
    for (const { location, text } of e.errors) {
      report(location?.file ?? entry, location?.line ?? 1, (location?.column ?? 0) + 1, text);
    }
    return false;
  }
}

const COMPILER = 'adapter/compiler/compile.ts';

/** The compiler, bundled for this Node, is kept in .cache. Null if it is wrong, which has been reported. */
async function loadCompiler() {
  const out = '.cache/compiler.mjs';
  const outfile = join(root, out);
  if (!(await esbuild(COMPILER, out, { packages: 'external', format: 'esm', platform: 'node' }))) {
    return null;
  }
  const text = readFileSync(outfile, 'utf8');
  return { text, load: () => import(`${pathToFileURL(outfile)}?${statSync(outfile).mtimeMs}`) };
}

/** Compiles the stack unless compiler and sources are those of the last good build. Returns [ok, hash]. */
async function buildStack(force) {
  const files = new Map(filesUnder(stackRoot, ['.ts']).map((f) => [f, readFileSync(join(stackRoot, f), 'utf8')]));
  const compiler = await loadCompiler();
  if (compiler === null) {
    return [false, ''];
  }
  const hash = createHash('sha256').update(compiler.text);
  for (const [path, text] of files) {
    hash.update(`${path}\0${text}\0`);
  }
  const digest = hash.digest('hex');
  if (!force && readStamp().stack === digest && existsSync(join(stackOut, 'debug-info.json'))) {
    return [true, digest];
  }
  // It is of what is about to be written over.
  rmSync(codeCache, { force: true });
  const { compile, PROBE_MODULE, PROBE_MODULE_SOURCE } = await compiler.load();
  const result = compile(files);
  const debug = new Map([...result.debug, [PROBE_MODULE, PROBE_MODULE_SOURCE]]);
  for (const [kind, outputs] of [
    ['debug', debug],
    ['release', result.release],
  ]) {
    const folder = join(stackOut, kind);
    for (const [path, text] of outputs) {
      write(join(folder, path), text);
    }
    removeOthers(folder, outputs);
  }
  write(join(stackOut, 'package.json'), '{ "type": "module" }\n');
  write(join(stackOut, 'debug-info.json'), `${JSON.stringify(result.info)}\n`);
  await cacheCode();
  for (const e of result.errors) {
    report(`adapter/stack/${e.file}`, e.line, e.column, e.message);
  }
  return [result.errors.length === 0, digest];
}

/** What `work` resolves to, or `otherwise` if it throws, which is reported: the other parts of a build go on. */
async function attempt(file, otherwise, work) {
  try {
    return await work();
  } catch (e) {
    report(file, 1, 1, e.stack ?? String(e));
    return otherwise;
  }
}

/** CommonJS dependencies inside an ES module need a `require`. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module'; " +
  'const require = __createRequire(import.meta.url);';

/** Bundles one program. */
async function bundle({ entry, out, format, executable, platform = 'node' }) {
  const shebang =
    executable && !readFileSync(join(root, entry), 'utf8').startsWith('#!') ? '#!/usr/bin/env node\n' : '';
  const require = format === 'esm' ? REQUIRE : '';
  const good = await esbuild(entry, out, {
    format,
    platform,
    target: platform === 'node' ? 'node20' : 'es2022',
    external: ['vscode', 'piscina'],
    sourcemap: true,
    banner: { js: shebang + require },
  });
  if (good && executable) {
    chmodSync(join(root, out), 0o755);
  }
  return good;
}

/** No build takes this long: an older lock was left behind. */
const LOCK_MAX_MS = 60_000;

/** Runs `work` while no other build of this checkout does; a lock whose owner is gone is taken over. */
async function locked(work) {
  const lock = join(root, '.cache/build.lock');
  mkdirSync(dirname(lock), { recursive: true });
  const alive = () => {
    try {
      const owner = Number(readFileSync(lock, 'utf8'));
      return Date.now() - statSync(lock).mtimeMs < LOCK_MAX_MS && process.kill(owner, 0);
    } catch {
      return false;
    }
  };
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch {
      if (alive()) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      } else {
        rmSync(lock, { force: true });
      }
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Builds what is not up to date, or everything with `force`. Resolves to false if files were wrong. */
export function buildAll({ force = false } = {}) {
  return locked(async () => {
    if (!force && isBuilt()) {
      return true;
    }
    const started = performance.now();
    const inputs = inputSignature();
    const [[stackOk, stack], ...bundled] = await Promise.all([
      attempt(COMPILER, [false, ''], () => buildStack(force)),
      ...bundles.map((b) => attempt(b.entry, false, () => bundle(b))),
    ]);
    const good = stackOk && bundled.every(Boolean);
    if (good) {
      write(stampFile, JSON.stringify({ inputs, stack }));
    } else {
      rmSync(stampFile, { force: true });
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stderr.write(good ? `built in ${seconds} s\n` : `build failed after ${seconds} s\n`);
    return good;
  });
}

/** Ends esbuild, which would keep the process alive. */
export async function endBuilds() {
  for (const started of contexts.values()) {
    await (await started).dispose();
  }
  contexts.clear();
}
