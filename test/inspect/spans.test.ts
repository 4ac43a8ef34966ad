/** Errors in expressions know which part of the text they are about. */
import assert from 'node:assert/strict';
import { ExpressionError } from '../../adapter/inspect/expression/ast.ts';
import { type CompileContext, compile } from '../../adapter/inspect/expression/compile.ts';
import { parseExpression } from '../../adapter/inspect/expression/parser.ts';
import { TypeTable } from '../../adapter/inspect/expression/types.ts';
import { within } from '../../adapter/packets/span.ts';
import { GdbEngine } from '../gdb/fake-engine.ts';

describe('spans of errors', () => {
  const engine = new GdbEngine().stand();
  const context: CompileContext = {
    types: new TypeTable(engine.info),
    register: () => 0,
    dollar: () => undefined,
    filter: JSON.stringify,
  };

  /** What is wrong with the text behind its first `skip` characters: the part, and the message. */
  function wrong(text: string, skip = 0): [string, string] {
    try {
      within(text.slice(skip), skip, (part) => compile(parseExpression(part), engine.scope(0), context));
    } catch (error) {
      assert.ok(error instanceof ExpressionError && error.span);
      return [text.slice(error.span.start, error.span.end), error.message];
    }
    assert.fail(`${text} is right`);
  }

  const rows: readonly (readonly [text: string, part: string, message: RegExp])[] = [
    ['1 + ?', '?', /syntax error/],
    ['1 + (2 3)', '3)', /syntax error/],
    ['1 ) + 2', ') + 2', /Junk after/],
    ['x + 08', '08', /Invalid number "08"/],
    ['x + 1.2.3.444', '1.2.3.444', /Invalid number/],
    ['x + 99999999999999999999999', '99999999999999999999999', /too large/],
    ['x # 1', '#', /Invalid character/],
    ['x == "abc', '"abc', /Unterminated string/],
    ["x == 'ab' || x", "'ab'", /Invalid character constant/],
    ["x == '' || x", "''", /A character constant must contain at least one character/],
    ['x + nosuch * 2', 'nosuch', /No symbol "nosuch"/],
    ['(x + (nosuch)) * 2', 'nosuch', /No symbol "nosuch"/],
    ['x + so->nosuch + 1', 'nosuch', /no member named nosuch/],
    ['1 + $pkt.tcp.dtport', '$pkt.tcp.dtport', /no such field/],
    ['$_regx("a") + 1', '$_regx', /is not a function/],
    ['1 + $_strlen("a", "b")', '$_strlen("a", "b")', /one argument/],
    ['$_regex("a", x) + 1', 'x', /string constant/],
    ['1 + add(x)', 'add', /may change the machine/],
    ['x + *x', '*x', /contents of a non-pointer/],
    ['x + (x = 3)', 'x = 3', /only at the top/],
    ['x && $pkt.ip.src == "zz"', '$pkt.ip.src == "zz"', /zz/],
    ['sizeof(struct nosuch)', 'sizeof(struct nosuch)', /No struct type named nosuch/],
  ];
  for (const [text, part, message] of rows) {
    it(`${text} is wrong at ${part}`, () => {
      const [there, said] = wrong(text);
      assert.match(said, message);
      assert.equal(there, part);
    });
  }

  it('count from the start of the text that the expression is part of', () => {
    assert.equal(wrong('break if 1 + nosuch', 8)[0], 'nosuch');
    assert.equal(wrong('break if 1 +* ?', 8)[0], '?');
  });
});
