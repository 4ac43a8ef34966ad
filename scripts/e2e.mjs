#!/usr/bin/env node
/**
 * `npm run test:e2e [-- --update-media] [-- mocha options]`: installs what the end-to-end test needs, packages the
 * extension and drives it in a real VS Code.
 * Screenshots go to .cache/e2e/shots; `--update-media` copies those of README to media/.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cache, install } from './e2e-install.mjs';
import { root } from './inputs.mjs';

/** Screenshots that README shows. */
const MEDIA = [
  'stopped.png',
  'rings.png',
  'packets.png',
  'hover.png',
  'packet-view.png',
  'journeys.png',
  'panel-changed.png',
  'timeline-plot.png',
  'qemu-guest.png',
];

/** Runs a program of this Node's; ends this one if it fails. */
function run(args, env = {}) {
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) {
    process.exit(status ?? 1);
  }
}

const given = process.argv.slice(2).filter((a) => a !== '--');
const updateMedia = given.includes('--update-media');
let paths;
try {
  paths = install();
} catch (e) {
  process.stderr.write(`The end-to-end test cannot run: ${e.message}\n`);
  process.exit(1);
}

run([join(root, 'scripts/package.mjs')]);
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const vsix = join(root, `${name}-${version}.vsix`);
if (!existsSync(vsix)) {
  process.stderr.write(`npm run package left no ${vsix}\n`);
  process.exit(1);
}

const shots = join(cache, 'shots');
rmSync(shots, { recursive: true, force: true });
mkdirSync(shots, { recursive: true });
const setup = { ...paths, vsix, shots, run: join(cache, 'run') };
run(
  [
    join(root, 'node_modules/mocha/bin/mocha.js'),
    '--timeout',
    `${180_000 * Number(process.env['PKTGDB_PATIENCE'] ?? 1)}`,
    'test/e2e/**/*.e2e.ts',
    ...given.filter((a) => a !== '--update-media'),
  ],
  { PKTGDB_E2E: JSON.stringify(setup) },
);
if (updateMedia) {
  for (const file of MEDIA) {
    copyFileSync(join(shots, file), join(root, 'media', file));
  }
}
