/** What the pointer is on, in lines of the stack. */
import assert from 'node:assert/strict';
import { expressionAt, functionStart, registersIn, variablesIn } from '../../src/editor/expression-at.ts';

/** The expression at the `|` in a line. */
function at(marked: string): string | undefined {
  const column = marked.indexOf('|');
  return expressionAt(marked.replace('|', ''), column)?.text;
}

describe('expression under the pointer', () => {
  it('is the chain up to the word', () => {
    assert.equal(at('  return s|.nic.ncs.name;'), 's');
    assert.equal(at('  return s.n|ic.ncs.name;'), 's.nic');
    assert.equal(at('  return s.nic.ncs.na|me;'), 's.nic.ncs.name');
    assert.equal(at('  const size = iov_size(io|v, iovcnt);'), 'iov');
  });

  it('is a register on the constant that names it', () => {
    assert.equal(at('  s.mac_reg[RD|H] = x;'), 's.mac_reg[RDH]');
    assert.equal(at('  s.mac|_reg[RDH] = x;'), 's.mac_reg');
    assert.equal(at('  if (s.mac_reg[RDH] === s.mac_reg[RD|T]) {'), 's.mac_reg[RDT]');
    assert.equal(at('  a = s.mac_reg[i|ndex];'), 'index');
  });

  it('goes through elements and leaves out what only TypeScript needs', () => {
    assert.equal(at('  iov[i]!.iov_l|en'), 'iov[i].iov_len');
    assert.equal(at('  so.so_tcpcb!.t_st|ate'), 'so.so_tcpcb.t_state');
    assert.equal(at('  so.so_tcpcb?.t_st|ate'), 'so.so_tcpcb.t_state');
    assert.equal(at('  x = table[a[0]].na|me;'), 'table[a[0]].name');
    assert.equal(at('  this.l|ine'), 'this.line');
  });

  it('is nothing on keywords, calls, strings and comments, or after a call', () => {
    assert.equal(at('  ret|urn x;'), undefined);
    assert.equal(at('  qemu_send|_packet(nc, buf);'), undefined);
    assert.equal(at("  drop(buf, size, 'no link|');"), undefined);
    assert.equal(at('  x = 1; // the hea|d'), undefined);
    assert.equal(at(' * The hea|d of the ring'), undefined);
    assert.equal(at('  f(x).va|lue'), undefined);
    assert.equal(at('   |  x'), undefined);
  });
});

describe('inline values', () => {
  it('look up names that may be variables', () => {
    const names = (line: string): string[] => variablesIn(line).map(({ name }) => name);
    assert.deepEqual(names('  const size = iov_size(iov, iovcnt);'), ['size', 'iov', 'iovcnt']);
    assert.deepEqual(names('  s.mac_reg[RDH] = tail;'), ['s', 'tail']);
    assert.deepEqual(names('export function f(nc: NetClientState, size: number): void {'), ['nc', 'size']);
    assert.deepEqual(names("import { x } from './y.ts';"), []);
    assert.deepEqual(names('  return total; // of size'), ['total']);
  });

  it('show registers that a line reads or writes', () => {
    assert.deepEqual(
      registersIn('  if (s.mac_reg[RDH] !== s.mac_reg[RDT]) {').map(({ text }) => text),
      ['s.mac_reg[RDH]', 's.mac_reg[RDT]'],
    );
  });

  it('begin at the function', () => {
    const lines = ['const x = 1;', '', 'export function f(): void {', '  const a = 1;', '  return;', '}'];
    assert.equal(
      functionStart((i) => lines[i]!, 4),
      2,
    );
  });
});
