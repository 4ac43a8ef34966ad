#!/usr/bin/env node
/**
 * Runs before `npm start`, `npm test` and the like. It installs what package-lock.json says if it is not installed, and
 * builds if something changed; otherwise it does and says nothing.
 * `--install-only` does not build. Progress goes to stderr.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isBuilt, root } from './inputs.mjs';

const MIN_NODE = 20;

/** Packages of a lock file as `path -> version`, without those that other platforms need. */
function packagesOf(file) {
  const { packages } = JSON.parse(readFileSync(join(root, file), 'utf8'));
  return new Map(
    Object.entries(packages)
      .filter(([path, p]) => path !== '' && !p.optional)
      .map(([path, p]) => [path, p.version]),
  );
}

/**
 * True if node_modules holds every package of package-lock.json.
 * npm notes what it installed in node_modules/.package-lock.json.
 */
function isInstalled() {
  try {
    const installed = packagesOf('node_modules/.package-lock.json');
    return [...packagesOf('package-lock.json')].every(([path, version]) => installed.get(path) === version);
  } catch {
    return false; // nothing installed yet, or not by npm
  }
}

/** Runs a program with its output on stderr; ends this one if it fails. */
function run(command, args, what) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    process.stderr.write(`${what} failed${error ? `: ${error.message}` : ''}\n`);
    process.exit(1);
  }
}

if (Number.parseInt(process.versions.node, 10) < MIN_NODE) {
  process.stderr.write(`Node ${MIN_NODE} or newer is needed; this is ${process.version}\n`);
  process.exit(1);
}
if (!isInstalled()) {
  process.stderr.write('installing packages (npm ci) ...\n');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev'];
  const npm = process.env.npm_execpath; // npm's own script when it started us
  if (npm?.endsWith('.js')) {
    run(process.execPath, [npm, ...args], 'npm ci');
  } else {
    run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, 'npm ci');
  }
}
if (!process.argv.includes('--install-only') && !isBuilt()) {
  run(process.execPath, [join(root, 'scripts/build.mjs')], 'build');
}
