/** The program without a terminal: commands from a pipe, a script and options come one after the other. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { ended, running, start } from './batch.ts';

const HTTP = capture('05-http.pcap');

/** Queries, each with a mark behind it, and what asks at a terminal before it is done. */
const COMMANDS = [
  'break tcp_input',
  'run',
  'continue 9',
  'calls /^(ip|tcp)_output$/',
  'echo one\\n',
  'writes $RDT',
  'echo two\\n',
  'packets tcp',
  'echo three\\n',
  'plot $RDH',
  'echo four\\n',
  'last-write $RDT',
  'echo five\\n',
  'reverse-continue',
  'set var $RADV = 7',
  'info what-if',
  'what-if off',
  'delete',
  'info breakpoints',
  'run',
  'when',
  'kill',
  'when',
];

describe('the program without a terminal', function () {
  this.timeout(60_000);

  afterEach(() => {
    for (const child of running) {
      child.kill('SIGKILL');
    }
  });

  /** Runs it; what it printed. All of the input is there at once. */
  async function output(args: readonly string[], input = ''): Promise<string> {
    const child = start(['-r', HTTP, ...args]);
    child.stdin?.end(input);
    const { out, err } = await ended(child);
    assert.match(err, /^The program is not being run\.\n$/);
    return out.replaceAll(/^(?:\(pktgdb\) )+/gm, '').trimEnd();
  }

  let piped = '';
  before(async () => {
    piped = await output([], `${COMMANDS.join('\n')}\n`);
  });

  it('has printed all rows of a query before the next command', () => {
    const sections = piped.split(/^(?:one|two|three|four|five)\n/m);
    assert.equal(sections.length, 6, piped);
    const [calls = '', writes = '', packets = '', plot = '', last = ''] = sections;
    /** The rows at the end of a section, which have all numbers from 1 on. */
    const rows = (section: string): string[] => {
      const all = section.trimEnd().split('\n');
      const found = all.slice(all.findIndex((line) => line.startsWith('1  ')));
      assert.deepEqual(
        found.map((line) => Number(/^(\d+) {2}\d+:-?\d+ {2}\d+\.\d{9} s {2}packet /.exec(line)?.[1])),
        found.map((_, i) => i + 1),
        section,
      );
      return found;
    };
    assert.ok(rows(calls).length > 30);
    assert.match(rows(calls).at(-1) ?? '', /ip_output \(.*\) <- tcp_output$/);
    assert.match(rows(writes).at(-1) ?? '', /\$RDT: 18 -> 25 in set_rdt \(\) at hw\/net\/e1000\.ts:\d+$/);
    assert.ok(rows(packets).length > 30);
    assert.match(rows(plot).at(-1) ?? '', / 26 \(was 25\) in e1000_receive_iov$/);
    assert.match(last, /^1 {2}.*\$RDT: 18 -> 25 in set_rdt .*\n$/);
  });

  it('answers yes to what asks at a terminal', () => {
    const [, rest = ''] = piped.split('five\n');
    assert.match(rest, /\nFrom here on it is what would have been; .*\nThe past was changed at tick \d+/);
    assert.match(rest, /\nNo breakpoints or watchpoints\.\nStarting program: pktgdb -r /);
    assert.match(rest, /\n63 of 63 packets played\.\n(?:.*\n)*.*, the present\n\[Inferior 1 \(pktgdb\) killed\]$/);
  });

  it('prints the same for a script and for options', async () => {
    const script = join(tempFolder(), 'script.gdb');
    writeFileSync(script, COMMANDS.slice(0, -1).join('\n'));
    const of = (text: string): string[] => text.split('\n');
    assert.deepEqual(of(await output(['-batch', '-x', script, '-ex', 'when'])), of(piped));
    assert.deepEqual(of(await output(['-batch', ...COMMANDS.flatMap((c) => ['-ex', c])])), of(piped));
  });
});
