/**
 * Asks gdb what it prints for the lines of test/gdb/gdb-lines.ts, at a stop in a small C program that is like the one
 * of test/gdb/fake-engine.ts, and for those of test/gdb/row-lines.ts, from before a program runs on. Writes its
 * answers: `npx tsx test/tools/gdb-record.ts`. Needs gdb and a C compiler.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LINES } from '../gdb/gdb-lines.ts';
import { ROW_LINES } from '../gdb/row-lines.ts';
import { ROOT } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';

const VECTORS = join(ROOT, 'test/vectors/gdb');
/** Printed before each line, so that answers can be told apart. */
const MARK = '\u0001';
const [version] = execFileSync('gdb', ['--version'], { encoding: 'utf8' }).split('\n');

/** Compiles the first of `files`, asks gdb `lines` about it after `setUp`, and writes `to`. */
function record(files: readonly string[], setUp: readonly string[], lines: readonly string[], to: string): void {
  const folder = tempFolder();
  for (const file of files) {
    copyFileSync(join(VECTORS, file), join(folder, file));
  }
  execFileSync('cc', ['-g', '-O0', '-o', 't', files[0] ?? ''], { cwd: folder });
  const before = ['set prompt', 'set confirm off', 'set width 0', 'set height 0', ...setUp];
  const asked = lines.flatMap((line) => [String.raw`echo \001\n`, line]);
  const { stdout } = spawnSync('sh', ['-c', 'exec gdb -q -nx t 2>&1'], {
    cwd: folder,
    input: `${[...before, ...asked].join('\n')}\n`,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, TERM: 'dumb' },
  });
  const answers = stdout
    .split(`${MARK}\n`)
    .slice(1)
    .map((text, i) => [lines[i], text.replaceAll(folder, '').replace(/^>+/, '')]);
  writeFileSync(join(VECTORS, to), `${JSON.stringify({ version, answers }, null, 1)}\n`);
  console.log(`${to}: ${answers.length} answers of ${version}`);
}

record(['t.c', 't.h'], ['break add', 'run'], LINES, 'answers.json');
record(['rows.c'], [], ROW_LINES, 'rows.json');
