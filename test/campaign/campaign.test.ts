/** The campaign's runner, over a theme with a planted mistake; and what it has found before, tried again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { minimise } from './minimise.ts';
import { type Found, HANG_MS, LAST_MS, type Outcome, Run } from './run.ts';
import { type Theme, theme } from './theme.ts';
import { THEMES } from './themes.ts';

const FOUND = join(ROOT, 'test/campaign/found');

const HANG = 200;

/** Fails where 7 comes before 3. */
const planted = theme<number>({
  unit: 'numbers',
  make: (random) => Array.from({ length: 20 }, () => random.next(10)),
  attempt(numbers) {
    const at = numbers.indexOf(7);
    assert.ok(at < 0 || !numbers.slice(at).includes(3), 'a 3 behind a 7');
    return numbers.length;
  },
});

/** Mocha hears of what nobody catches, as a run does. */
async function outcome(one: Theme, folder: string, cases = 50, hang = HANG): Promise<Outcome> {
  const mocha = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  try {
    return await new Run('planted', one, folder).run({ seed: 1, time: Number.POSITIVE_INFINITY, cases, hang });
  } finally {
    for (const listener of mocha) {
      process.on('uncaughtException', listener);
    }
  }
}

/** All but what grows in this process, where other tests run. */
const findings = (one: Outcome): string[] => one.findings.filter((text) => !text.startsWith('grows'));

const kept = (folder: string): Found[] =>
  readdirSync(folder).map((f) => JSON.parse(readFileSync(join(folder, f), 'utf8')) as Found);

describe('the campaign', () => {
  const given = process.env['TMPDIR'] ?? '/tmp';
  before(() => {
    // What is left in it is counted.
    process.env['TMPDIR'] = tempFolder();
  });
  after(() => {
    process.env['TMPDIR'] = given;
  });

  it('keeps what it finds once, with as little as it takes, and finds it again', async () => {
    const folder = tempFolder();
    const found = await outcome(planted, folder);
    assert.equal(found.cases, 50);
    assert.ok(found.amount > 0 && found.amount % 20 === 0);
    assert.equal(findings(found).length, 1);
    assert.deepEqual(kept(folder), [
      { theme: 'planted', what: 'AssertionError [ERR_ASSERTION]: a 3 behind a 7', pieces: [7, 3] },
    ]);
    await outcome(planted, folder);
    assert.equal(kept(folder).length, 1);
  });

  it('finds what nobody caught, what does not end, what hangs and what grows', async () => {
    const bad: readonly (readonly [RegExp, Theme['attempt']])[] = [
      [/^nobody caught: Error: lost/, lose],
      [/: not over after 0.1 s/, () => new Promise(() => undefined)],
      [/^computes for \d+ ms/, () => turnFor(HANG)],
    ];
    for (const [expected, attempt] of bad) {
      const tries: Theme = { unit: 'tries', make: () => [1], attempt, deadline: 100 };
      assert.match(findings(await outcome(tries, tempFolder(), 1)).join('\n'), expected);
    }
    const hoard: Buffer[] = [];
    const grows = theme<number>({ unit: 'MB', make: () => [1], attempt: () => hoard.push(Buffer.alloc(1 << 20)) && 1 });
    assert.match((await outcome(grows, tempFolder(), 100)).findings.join('\n'), /^grows: heap/);
  });

  it('is over in its time, with the seed of what was not', async () => {
    const never = theme<number>({ unit: 'tries', make: () => [1], attempt: () => new Promise(() => undefined) });
    const limits = { seed: 7, time: 100, cases: Number.POSITIVE_INFINITY, end: LAST_MS + 300 };
    const { cut, cases, findings: found } = await new Run('planted', never, tempFolder()).run(limits);
    assert.deepEqual({ cut, cases, found }, { cut: 7, cases: 1, found: [] });
  });

  it('is ended by its watchdog when even that does not help', () => {
    const program = `
      import { watchOver } from ${JSON.stringify(join(ROOT, 'test/campaign/watchdog.ts'))};
      const beats = new Int32Array(new SharedArrayBuffer(8));
      beats[1] = 7;
      watchOver(beats, 'planted', 100);
      for (;;) {}`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', program];
    const { signal, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
    assert.equal(signal, 'SIGKILL');
    const again = 'npm run -s campaign -- planted --seed=7 --cases=1';
    assert.match(stderr, new RegExp(`^planted: found: not over after \\d+ s: ${again}\n$`));
  });

  it('shortens a list to what fails', async () => {
    const numbers = Array.from({ length: 100 }, (_, i) => i);
    const fails = async (some: readonly number[]): Promise<boolean> => [3, 50, 51, 99].every((n) => some.includes(n));
    assert.deepEqual(await minimise(numbers, fails, 10_000), [3, 50, 51, 99]);
  });
});

/** Throws where nobody can catch it, and then says that all is well. */
async function lose(): Promise<number> {
  setImmediate(() => {
    throw new Error('lost');
  });
  await new Promise((resolve) => setImmediate(resolve));
  return 1;
}

/** Computes for some milliseconds. */
function turnFor(ms: number): number {
  for (const start = process.cpuUsage(); process.cpuUsage(start).user < 2 * ms * 1000; );
  return 1;
}

describe('what the campaign has found before', () => {
  for (const file of readdirSync(FOUND).filter((f) => f.endsWith('.json'))) {
    const { theme: name, what, pieces } = JSON.parse(readFileSync(join(FOUND, file), 'utf8')) as Found;
    it(`${file}: ${what}`, async () => {
      const one = await THEMES[name]!();
      const again = await outcome({ ...one, make: () => pieces }, tempFolder(), 1, HANG_MS);
      assert.equal(findings(again).join('\n'), '');
    });
  }
});
