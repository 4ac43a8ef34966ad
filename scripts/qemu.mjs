#!/usr/bin/env node
/**
 * `npm run test:qemu [-- mocha options]`: the user network under real guests, in Debian's QEMU. .ci/qemu installs what
 * it needs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './inputs.mjs';

const kernel = join(root, '.cache/qemu/vmlinuz');
if (!existsSync(kernel) || spawnSync('qemu-system-x86_64', ['--version']).status !== 0) {
  process.stderr.write('There is no QEMU, or no kernel in .cache/qemu: run .ci/qemu as root on Debian.\n');
  process.exit(1);
}
/** They take five minutes; a guest that hangs is no reason to wait for ever. */
const TIME_MS = 20 * 60_000;
const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
const { status } = spawnSync(process.execPath, [mocha, '--exit', ...process.argv.slice(2), 'test/qemu/*.qemu.ts'], {
  cwd: root,
  stdio: 'inherit',
  timeout: TIME_MS,
});
process.exit(status ?? 1);
