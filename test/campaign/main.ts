/**
 * `npm run -s campaign -- NAME [--minutes=N] [--seed=N] [--cases=N] [--found=FOLDER]`: tries to break a part of the
 * product at random, and says how much it tried, how fast, what grew and what it found; findings become files, and by
 * them tests. `all` gives each theme the same part of the minutes, in a process of its own. Exits 1 on a finding.
 * A run is over after twice its minutes, whatever happens: cases begin in the first half, the second is for what does
 * not end and for making it shorter.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { adapterEnvironment } from '../../src/session/runtime.ts';
import { ROOT } from '../kit/paths.ts';
import { type Outcome, Run } from './run.ts';
import { THEMES } from './themes.ts';

const FOUND = join(ROOT, 'test/campaign/found');
const MINUTE = 60_000;
/** Set where a theme runs in the process that was made for it. */
const INNER = 'PKTGDB_CAMPAIGN_THEME';
/** A run's end, in times of the time in which it begins cases. */
const END = 2;
/** Takes long for a single case, so a share of the minutes would find nothing. */
const ALONE = new Set(['soak']);

function usage(why: string): never {
  const names = [...Object.keys(THEMES), 'all'].join(', ');
  process.stderr.write(`${why}\nusage: npm run -s campaign -- NAME [--minutes=N] [--seed=N] [--cases=N]\n`);
  process.stderr.write(`names: ${names}\n`);
  process.exit(2);
}

function numberOf(text: string, what: string): number {
  const n = Number(text);
  return Number.isFinite(n) && n > 0 ? n : usage(`--${what}=${text}: a number above 0 is needed`);
}

function tell(name: string, unit: string, o: Outcome): void {
  const rate = o.seconds > 0 ? Math.round(o.amount / o.seconds) : 0;
  const pause = Math.round(o.longestPause);
  process.stdout.write(
    `${name}: ${o.amount} ${unit} in ${o.cases} cases, ${o.seconds.toFixed(1)} s (${rate}/s)\n` +
      `${name}: longest pause ${pause} ms\n` +
      `${name}: ${o.growth.replaceAll('\n', `\n${name}: `)}\n${name}: ${o.findings.length} findings\n` +
      (o.cut === undefined ? '' : `${name}: no more time for seed ${o.cut}\n`) +
      o.findings.map((finding) => `${name}: found: ${finding}\n`).join(''),
  );
}

/** Runs this program in a process of its own, with the environment that VS Code gives the adapter. */
function ownProcess(name: string, args: readonly string[]): number {
  const program = fileURLToPath(import.meta.url);
  const { status, signal } = spawnSync(process.execPath, [...process.execArgv, program, ...args], {
    stdio: 'inherit',
    env: { ...adapterEnvironment(), [INNER]: '1' },
  });
  if (signal !== null) {
    process.stdout.write(`${name}: ended by ${signal}\n`);
  }
  return status ?? 1;
}

/** Runs all themes, one after the other; each in a process, as what it holds is measured. */
function runAll(minutes: number, seed: number): number {
  const names = Object.keys(THEMES).filter((one) => !ALONE.has(one));
  const failed = names.filter((name) => {
    const args = [name, `--minutes=${minutes / names.length}`, `--seed=${seed}`];
    return ownProcess(name, args) !== 0;
  });
  process.stdout.write(failed.length === 0 ? 'campaign: nothing found\n' : `campaign: found: ${failed.join(', ')}\n`);
  return failed.length === 0 ? 0 : 1;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    cases: { type: 'string' },
    found: { type: 'string', default: FOUND },
  },
});
const [name = ''] = positionals;
// A new one each time, unless somebody wants to see the same again.
const seed = values.seed === undefined ? 1 + (Date.now() % 1_000_000_000) : numberOf(values.seed, 'seed');
const minutes = numberOf(values.minutes, 'minutes');
if (name === 'all') {
  process.stdout.write(`campaign: seed ${seed}\n`);
  process.exit(runAll(minutes, seed));
}
const load = THEMES[name] ?? usage(name === '' ? 'which theme?' : `no theme ${name}`);
if (process.env[INNER] === undefined) {
  process.exit(ownProcess(name, [name, ...process.argv.slice(2).filter((arg) => arg !== name), `--seed=${seed}`]));
}
process.stdout.write(`${name}: seed ${seed}\n`);
// What is left in it is counted.
const temporary = mkdtempSync(join(tmpdir(), 'pktgdb-campaign-'));
process.once('exit', () => rmSync(temporary, { recursive: true, force: true }));
process.env['TMPDIR'] = temporary;
const theme = await load();
const cases = values.cases === undefined ? Number.POSITIVE_INFINITY : numberOf(values.cases, 'cases');
const time = values.minutes === '1' && values.cases !== undefined ? Number.POSITIVE_INFINITY : minutes * MINUTE;
const outcome = await new Run(name, theme, values.found, (text) => process.stdout.write(text)).run({
  seed,
  time,
  end: END * time,
  cases,
});
tell(name, theme.unit, outcome);
process.exit(outcome.findings.length === 0 ? 0 : 1);
