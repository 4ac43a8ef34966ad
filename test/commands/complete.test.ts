/** The completion engine: what it offers where, for all who ask. */
import assert from 'node:assert/strict';
import type { Surroundings } from '../../adapter/commands/candidates.ts';
import { beginning, complete } from '../../adapter/commands/complete.ts';
import { userCommand } from '../../adapter/commands/help.ts';
import { COMMANDS } from '../../adapter/commands/table/index.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { Analysis } from '../../adapter/language/analysis.ts';
import { complete as completeScript } from '../../adapter/language/completion.ts';
import { Script } from '../../adapter/language/script.ts';
import { GdbEngine } from '../gdb/fake-engine.ts';
import { root } from '../language/client.ts';

const around: Surroundings = {
  commands: [...COMMANDS, userCommand('greet', 'Greets.\nUsage: greet NAME\nPolitely.')],
  info: new GdbEngine().info,
  locals: ['so', 'x'],
  typesOf: (name) => (name === 'so' ? ['socket | null'] : []),
  variables: [['count', 'set by a test']],
  breakpoints: [[7, 'add']],
  displays: [[3, 'x']],
  hosts: [['192.168.77.1', 'opens 1 connections, 12 packets']],
  folder: `${root}/examples`,
};

/** What a terminal would offer: kind and text of each. */
function offered(line: string): string[] {
  return beginning(line, complete(around, line)).map((c) => `${c.kind} ${c.text}`);
}

describe('completion', () => {
  const rows: readonly (readonly [line: string, ...candidates: string[]])[] = [
    ['tbr', 'command tbreak'],
    ['  gr', 'command greet'],
    ['greet '],
    ['nosuch '],
    ['un '],
    ['info regi', 'command registers'],
    ['i regi', 'command registers'],
    ['info registers IC', 'register ICR', 'register ICS'],
    ['info registers Rec', 'value Receive'],
    ['info ring ', 'value rx', 'value tx'],
    ['set print pr', 'setting pretty'],
    ['set print pretty ', 'value off', 'value on'],
    ['set lists', 'setting listsize'],
    ['set so', 'setting solib-search-path', 'variable so', 'struct socket'],
    ['show conv', 'setting convenience'],
    ['break add', 'function add'],
    ['tbreak util/', 'file util/t.ts'],
    ['list add,mi', 'function mid'],
    ['break add if x == so', 'variable so', 'struct socket'],
    ['break add if $co', 'variable $count'],
    ['delete ', 'value 7', 'value bookmark', 'value checkpoint', 'value display'],
    ['condition ', 'value 7'],
    ['condition 7 $co', 'variable $count'],
    ['undisplay ', 'value 3'],
    ['enable d', 'value delete', 'value display'],
    ['print $pkt.tcp.dstp', 'field $pkt.tcp.dstport'],
    ['print $pk', 'variable $pkt'],
    ['print/x so', 'variable so', 'struct socket'],
    ['p *so', 'variable so', 'struct socket'],
    ['print $_st', 'function $_streq', 'function $_strlen'],
    ['x/4'],
    ['print 1'],
    ['print "so'],
    ['print (so)'],
    ['printf "%d", so', 'variable so', 'struct socket'],
    ['frame fu', 'value function'],
    ['frame function ma', 'function main'],
    ['run -netd', 'option -netdev'],
    ['set args -netdev us', 'value user'],
    ['run -netdev user,id=n0,hostf', 'option hostfwd='],
    ['run -netdev user,restrict=', 'value off', 'value on'],
    ['source he', 'file hello.pktgdb'],
    ['help info regi', 'command registers'],
    ['document gr', 'command greet'],
    ['echo pri'],
    ['shell l'],
    ['guest l'],
  ];
  for (const [line, ...candidates] of rows) {
    it(`offers ${candidates.join(', ') || 'nothing'} for ${JSON.stringify(line)}`, () => {
      assert.deepEqual(offered(line).sort(), [...candidates].sort());
    });
  }

  it('tells which part of the line is replaced, and what each candidate is', () => {
    const line = '  break add if x == $coun';
    const { from, candidates } = complete(around, line);
    assert.equal(line.slice(from), '$coun');
    assert.equal(candidates.find((c) => c.text === '$count')?.detail, 'set by a test');
    const { candidates: commands } = complete(around, 'b');
    const bt = commands.find((c) => c.text === 'bt');
    assert.equal(bt?.detail, 'backtrace: Print backtrace of all stack frames, or innermost COUNT frames.');
    assert.equal(bt?.command?.path, 'backtrace');
  });

  it('is the same at the prompt and in the editor', () => {
    const gdb = new GdbInterpreter(new GdbEngine(), { write: () => {}, waitForStops: false });
    const analysis = new Analysis();
    for (const line of ['info ', 'set print ', 'info registers R', 'p $_', 'run -device e1000,', 'help se', 'frame ']) {
      const position = { line: 0, character: line.length };
      const script = completeScript(analysis, new Script(line), position, root).map((c) => c.label);
      const prompt = gdb.completions(line).candidates.map((c) => c.text);
      assert.deepEqual(
        prompt.filter((text) => !script.includes(text)),
        [],
        line,
      );
      assert.ok(prompt.length > 0, line);
    }
    gdb.dispose();
  });
});
