/**
 * Asks gdb what it prints for the lines of test/gdb/gdb-lines.ts, at a stop in a small C program that is like the one
 * of test/gdb/fake-engine.ts, and writes its answers: `npx tsx test/tools/gdb-record.ts`. Needs gdb and a C compiler.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LINES } from '../gdb/gdb-lines.ts';
import { ROOT } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';

const VECTORS = join(ROOT, 'test/vectors/gdb');
/** Printed before each line, so that answers can be told apart. */
const MARK = '\u0001';

const folder = tempFolder();
for (const file of ['t.c', 't.h']) {
  copyFileSync(join(VECTORS, file), join(folder, file));
}
execFileSync('cc', ['-g', '-O0', '-o', 't', 't.c'], { cwd: folder });

const setUp = ['set prompt', 'set confirm off', 'set width 0', 'set height 0', 'break add', 'run'];
const asked = LINES.flatMap((line) => [String.raw`echo \001\n`, line]);
const { stdout } = spawnSync('sh', ['-c', 'exec gdb -q -nx t 2>&1'], {
  cwd: folder,
  input: `${[...setUp, ...asked].join('\n')}\n`,
  encoding: 'utf8',
  env: { PATH: process.env['PATH'], HOME: folder, TERM: 'dumb' },
});
const answers = stdout
  .split(`${MARK}\n`)
  .slice(1)
  .map((text, i) => [LINES[i], text.replaceAll(folder, '')]);
const [version] = execFileSync('gdb', ['--version'], { encoding: 'utf8' }).split('\n');
writeFileSync(join(VECTORS, 'answers.json'), `${JSON.stringify({ version, answers }, null, 1)}\n`);
console.log(`${answers.length} answers of ${version}`);
