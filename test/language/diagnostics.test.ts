/** What the checker of command scripts finds: nothing in what gdb takes, and where it is in what gdb refuses. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { MACHINE_OPTIONS } from '../../adapter/commands/machine-options.ts';
import { Analysis } from '../../adapter/language/analysis.ts';
import { diagnose } from '../../adapter/language/diagnostics.ts';
import { Script } from '../../adapter/language/script.ts';
import { net_client_init_fun } from '../../adapter/stack/net/net_init.ts';
import {
  NETDEV_DGRAM_PARAMS,
  NETDEV_SOCKET_PARAMS,
  NETDEV_STREAM_PARAMS,
} from '../../adapter/stack/net/socket_options.ts';
import { root } from './client.ts';
import { scripts } from './random.ts';

describe('checks of scripts', () => {
  let analysis: Analysis;

  before(() => {
    analysis = new Analysis();
  });

  /** A line each: place, text there, message. */
  function problems(text: string): string[] {
    const lines = text.split('\n');
    return diagnose(analysis, new Script(text)).map(({ range: { start, end }, message, severity }) => {
      const there = lines[start.line]!.slice(start.character, end.line === start.line ? end.character : undefined);
      return `${start.line + 1}: ${severity === 'error' ? '' : 'warning: '}[${there}] ${message}`;
    });
  }

  it('find nothing in what gdb takes', () => {
    assert.deepEqual(problems(readFileSync(join(root, 'test/language/good.pktgdb'), 'utf8')), []);
  });

  const wrong: readonly (readonly [string, RegExp])[] = [
    ['brek main', /^1: \[brek\] Undefined command: "brek".*Did you mean break/],
    ['info regs', /^1: \[regs\] Undefined info command: "regs"/],
    ['set print prety on', /^1: \[prety\] Undefined set print command: "prety".*Did you mean pretty/],
    [
      'break e1000_recieve_iov',
      /^1: \[e1000_recieve_iov\] Function "e1000_recieve_iov" not defined\. Did you mean e1000_receive_iov/,
    ],
    ['break nosuch.ts:3', /^1: \[nosuch\.ts:3\] No source file named nosuch\.ts/],
    ['break hw/net/e1000.ts:99999', /No line 99999 in file/],
    ['break main if siz > 3', /^1: \[siz\] No symbol "siz" in current context/],
    [
      'break e1000_receive_iov if $pkt.tcp.dtport == 5',
      /^1: \[\$pkt\.tcp\.dtport\] \$pkt\.tcp\.dtport: no such field; did you mean tcp\.dstport/,
    ],
    ['break main if $pkt.tcp.len > 0', /^1: \[\$pkt\.tcp\.len\] There is no \$pkt here/],
    ['break main if 1 && (2 > ) ', /^1: \[\)\] A syntax error/],
    ['list main, nosuch', /^1: \[nosuch\] Function "nosuch"/],
    ['condition x 3', /^1: \[x\] Bad breakpoint number/],
    ['condition 1 nosuch', /^1: \[nosuch\] No symbol/],
    ['if nosuch\nend', /^1: \[nosuch\] No symbol/],
    ['p -elements 3 -- /x 1 + nosuch', /^1: \[nosuch\] No symbol/],
    ['printf "%d %d", 1, nosuch', /^1: \[nosuch\] No symbol/],
    ['ptype/o nosuch', /^1: \[nosuch\] No symbol/],
    ['help info regs', /^1: \[regs\] Undefined info command: "regs"\. {2}Try "help info"\.$/],
    ['print $RDX', /^1: warning: \[\$RDX\] There is no register \$RDX.*Did you mean \$RDH/],
    ['print $rdh', /Did you mean \$RDH/],
    ['info registers RDHH', /^1: \[RDHH\] Invalid register `RDHH'; did you mean RDH/],
    ['print 3 +', /A syntax error in expression/],
    ['print machin.turns', /^1: \[machin\] No symbol "machin".*Did you mean .*machine/],
    ['print machine.trns', /^1: \[trns\] There is no member named trns/],
    ['set var 3 = 4', /^1: \[3\] Left operand of assignment is not an lvalue/],
    ['print $_regx("a", "b")', /^1: \[\$_regx\] \$_regx is not a function/],
    ['set listsize many', /A number expected/],
    ['run -netdev user,hostfw=tcp::1-:2', /^1: \[hostfw\] .* there is no parameter "hostfw".*hostfwd/],
    ['run -netdev user,hostfwd=tcp::x-:2', /Invalid host forwarding rule/],
    ['set args -device e1001', /^1: \[e1001\] .* unknown "e1001"; known: e1000/],
    ['run -netdv user', /invalid option \(did you mean -net, -netdev/],
    ['printf "%d %d\\n", 1', /it takes 2 values, there are 1/],
    ['x/4q 0', /Undefined output format "q"/],
    ['if 1\n  bt', /^1: \[if 1\] The block of "if" is not closed/],
    ['bt\nend', /^2: \[end\] "end" without a block/],
    ['else', /"else" without an "if"/],
    ['while', /if\/while commands require arguments/],
    ['print 1 + \\\n  nosuch', /^2: \[nosuch\] No symbol "nosuch"/],
  ];
  for (const [text, expected] of wrong) {
    it(`find what is wrong in ${JSON.stringify(text)}`, () => {
      const found = problems(text);
      assert.ok(
        found.some((p) => expected.test(p)),
        `${found.join('\n') || 'nothing'} should have ${expected}`,
      );
    });
  }

  it('survive any text, with ranges that are in it', () => {
    fc.assert(
      fc.property(scripts, (text) => {
        const lines = text.split(/\r\n|\r|\n/);
        for (const { range } of diagnose(analysis, new Script(text))) {
          for (const { line, character } of [range.start, range.end]) {
            assert.ok(line < lines.length && character >= 0 && character <= lines[line]!.length);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('take long texts in their stride', () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `break e1000_receive_iov if $pkt.tcp.dstport == ${i}`);
    assert.deepEqual(problems(lines.join('\n')), []);
  });

  it('know every kind of network, of filter and their parameters, as the machine does', () => {
    const kinds = (option: string) => MACHINE_OPTIONS.find((o) => o.name === option)!.kinds;
    assert.deepEqual(Object.keys(kinds('-netdev')).sort(), Object.keys(net_client_init_fun).sort());
    const names = (kind: string) => kinds('-netdev')[kind]!.parameters.map((p) => p.name);
    assert.deepEqual(names('stream').sort(), ['id', ...NETDEV_STREAM_PARAMS].sort());
    for (const [kind, params] of [
      ['socket', NETDEV_SOCKET_PARAMS],
      ['dgram', NETDEV_DGRAM_PARAMS],
    ] as const) {
      // Those that the machine refuses are not offered.
      const refused = ['mcast', 'local.path', 'remote.path'];
      assert.deepEqual(names(kind).sort(), ['id', ...params].filter((p) => !refused.includes(p)).sort());
    }
    const good = [
      'run -netdev stream,id=a,server=on,addr.type=unix,addr.path=/x -device e1000,netdev=a ' +
        '-object filter-dump,id=f,netdev=a,file=x,queue=rx,status=off',
      'run -chardev socket,id=c,path=/x -nic user,id=a ' +
        '-object filter-mirror,id=m,netdev=a,outdev=c -object rng-random,id=r',
      'run -nic dgram,id=d,local.type=inet,local.host=127.0.0.1,local.port=1 ' +
        '-object qom-type=filter-buffer,id=b,netdev=d,interval=1000',
    ];
    assert.deepEqual(problems(good.join('\n')), []);
    assert.match(problems('run -object filter-dump,id=f,netdev=a,fil=x')[0]!, /no parameter "fil".*file/);
  });
});
