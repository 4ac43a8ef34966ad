/**
 * Installs what the end-to-end test drives, under .cache/e2e.
 * That is a VS Code in a browser (code-server on a Node of its own), Chromium and playwright-core.
 * Chromium is the system's; root gets it installed with apt-get.
 * Once installed it does nothing. Fails with what is missing.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './inputs.mjs';

export const cache = join(root, '.cache/e2e');

/** The test's selectors are VS Code's internals, so its version is pinned: code-server 4.139.1 is VS Code 1.139. */
const VERSIONS = { 'code-server': '4.139.1', node: '24.21.0', 'playwright-core': '1.65.1' };
const NODE_PACKAGE = `node-${process.platform}-${process.arch}`;
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];
const FONT = '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf';

/** The first program of a list that PATH has, or undefined. */
function which(names) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}

/** Runs a program with its output on stderr; throws what failed. */
function run(what, command, args, options = {}) {
  process.stderr.write(`e2e: ${what} ...\n`);
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2], ...options });
  if (status !== 0) {
    throw new Error(`${what} failed: ${error?.message ?? `${command} ${args.join(' ')} ended with status ${status}`}`);
  }
}

/** Chromium's path. PKTGDB_CHROMIUM names another than that of PATH. */
function installBrowser() {
  const named = process.env.PKTGDB_CHROMIUM;
  if (named) {
    if (!existsSync(named)) {
      throw new Error(`PKTGDB_CHROMIUM names ${named}, which does not exist`);
    }
    return named;
  }
  const found = which(BROWSERS);
  if (found && (process.platform !== 'linux' || existsSync(FONT) || !which(['apt-get']))) {
    return found;
  }
  if (!which(['apt-get']) || process.getuid?.() !== 0) {
    if (found) {
      return found; // another font will do
    }
    throw new Error(
      `Chromium is needed: install one of ${BROWSERS.join(', ')}, or name one with PKTGDB_CHROMIUM ` +
        '(only root with apt-get gets it installed)',
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const packages = ['chromium', 'fonts-dejavu-core'];
  run('apt-get update', 'apt-get', ['update', '-qq'], { env });
  run('installing Chromium', 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
  const installed = which(BROWSERS);
  if (!installed) {
    throw new Error('apt-get installed no Chromium');
  }
  return installed;
}

/**
 * code-server and its Node. Install scripts never run, as one compiles a native module that is not needed.
 * So the packages of its two inner folders are installed here.
 * It has a folder of its own, because a later npm install would drop what is nested in node_modules.
 */
function installServer() {
  const folder = join(cache, 'server');
  const node = join(folder, 'node_modules', NODE_PACKAGE);
  const stamp = join(folder, 'installed');
  const wanted = JSON.stringify({ ...VERSIONS, package: NODE_PACKAGE });
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    if (process.platform !== 'linux') {
      throw new Error(`the end-to-end test runs on Linux; this is ${process.platform}`);
    }
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const dependencies = {
      'code-server': VERSIONS['code-server'],
      'playwright-core': VERSIONS['playwright-core'],
      [NODE_PACKAGE]: VERSIONS.node,
    };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
    const PATH = `${join(node, 'bin')}${delimiter}${process.env.PATH}`;
    const env = { ...process.env, PATH, NPM_CONFIG_NODEDIR: node, NPM_CONFIG_YES: 'true' };
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const inner = join(folder, 'node_modules/code-server/lib/vscode');
    run('installing code-server', 'npm', ['install', '--force', ...quiet], { cwd: folder, env });
    run("installing code-server's VS Code", 'npm', ['install', '--omit=dev', ...quiet], { cwd: inner, env });
    run("installing VS Code's extensions", 'npm', ['install', '--omit=dev', ...quiet], {
      cwd: join(inner, 'extensions'),
      env,
    });
    writeFileSync(stamp, wanted);
  }
  return {
    node: join(node, 'bin/node'),
    codeServer: join(folder, 'node_modules/code-server/out/node/entry.js'),
    playwright: join(folder, 'node_modules/playwright-core/index.mjs'),
  };
}

/** Installs everything and returns the paths: { chromium, node, codeServer, playwright }. */
export function install() {
  mkdirSync(cache, { recursive: true });
  const paths = { chromium: installBrowser(), ...installServer() };
  const version = execFileSync(paths.node, ['--version'], { encoding: 'utf8' }).trim();
  if (version !== `v${VERSIONS.node}`) {
    throw new Error(`${paths.node} is ${version}, not v${VERSIONS.node}: remove ${cache} and try again`);
  }
  return paths;
}
