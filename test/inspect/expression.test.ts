import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Evaluator } from '../../adapter/inspect/evaluator.ts';
import { ExpressionError } from '../../adapter/inspect/expression/ast.ts';
import { compileCondition } from '../../adapter/inspect/expression/compile.ts';
import { parseExpression } from '../../adapter/inspect/expression/parser.ts';
import { defaultPrintSettings, type FormatLetter, formatResult } from '../../adapter/inspect/values.ts';
import { GdbEngine } from '../gdb/fake-engine.ts';

/** What `print/letter text` shows after the `$1 = `, or the error. */
async function shown(text: string, letter: FormatLetter = '', engine = new GdbEngine().stand()): Promise<string> {
  const evaluator = new Evaluator(engine);
  try {
    const result = await evaluator.evaluate(text, engine.state === 'stopped' ? 0 : -1, true);
    return await formatResult(engine, defaultPrintSettings(), result, letter);
  } catch (e) {
    assert.ok(e instanceof ExpressionError, String(e));
    return `error: ${e.message}`;
  }
}

function table(title: string, rows: readonly (readonly [string, string])[]): void {
  describe(title, () => {
    for (const [text, expected] of rows) {
      it(`${text} is ${expected}`, async () => {
        assert.equal(await shown(text), expected);
      });
    }
  });
}

describe('gdb expressions', () => {
  table('arithmetic as in C', [
    ['1 + 2 * 3', '7'],
    ['(1 + 2) * 3', '9'],
    ['5 / 2', '2'],
    ['-7 / 2', '-3'],
    ['-7 % 3', '-1'],
    ['5.0 / 2', '2.5'],
    ['5 / 0', 'error: Division by zero'],
    ['5 % 0', 'error: Division by zero'],
    ['0x10', '16'],
    ['010', '8'],
    ['0b101', '5'],
    ['10u', '10'],
    ['0xffffffffffffffff', '18446744073709551615'],
    ['0xffffffffffffffff - 1', '18446744073709551614'],
    ['4294967295 * 4294967297', '-1'],
    ['1 << 4 | 1', '17'],
    ['1 << 40', '0'],
    ['1l << 40', '1099511627776'],
    ['0xf0 >> 4', '15'],
    ['0x80000000 >> 31', '1'],
    ['~0', '-1'],
    ['~0x80000000', '2147483647'],
    ['0xff & ~1', '254'],
    ['0xffffffff ^ 1', '4294967294'],
    ['6 ^ 3', '5'],
    ['- -3', '3'],
    ['+3', '3'],
    ['1, 2', '2'],
    ['1 ? 2 : 3', '2'],
    ['0 ? 2 : 0 ? 3 : 4', '4'],
    ["'a'", "97 'a'"],
    ["'\\n'", "10 '\\n'"],
    ["'a' + 1", '98'],
    ['"abc"', '"abc"'],
    ['"ab" "c\\n"', '"abc\\n"'],
    ['10.0.2.2', '167772674'],
  ]);

  table('truth as in C', [
    ['1 == 1', '1'],
    ['1 != 1', '0'],
    ['!5', '0'],
    ['!0', '1'],
    ['2 && 3', '1'],
    ['0 || 0', '0'],
    ['1 < 2 == 1', '1'],
    ['(1 == 1) + 1', '2'],
    ['0xffffffffffffffff > 5', '1'],
    ['big == 0x8000000000000000', '1'],
    ['ok', 'true'],
    ['ok == 1', '1'],
    ['none == 0', '1'],
    ['none == NULL', '1'],
    ['so != 0', '1'],
    ['!so', '0'],
    ['so == so', '1'],
  ]);

  table('casts and sizeof', [
    ['(uint8_t)300', "44 ','"],
    ['(char)65', "65 'A'"],
    ['(char)200', "-56 '\\310'"],
    ['(uint16_t)-1', '65535'],
    ['(int)4294967295', '-1'],
    ['(uint32_t)(1 - 2)', '4294967295'],
    ['(unsigned long long)-1', '18446744073709551615'],
    ['(unsigned char)x', "3 '\\003'"],
    ['(bool)5', 'true'],
    ['(double)5 / 2', '2.5'],
    ['sizeof(int)', '4'],
    ['sizeof (struct socket *)', '8'],
    ['sizeof buf', '60'],
    ['sizeof(uint64_t)', '8'],
    ['(x) * 2', '6'],
    ['((struct socket *)any)->deep', 'error: There is no member named deep.'],
    ['(struct nosuch *)so', 'error: No struct type named nosuch.'],
  ]);

  table('structs, pointers and arrays', [
    ['so', '(struct socket *) 0x7f0000001000'],
    ['&*so', '(struct socket *) 0x7f0000001000'],
    ['none', '(struct socket *) 0x0'],
    ['*so', '{so_state = 4, so_name = "hello", so_next = 0x0, so_data = 0x7f0000001040}'],
    ['so->so_state', '4'],
    ['so.so_state', '4'],
    ['(*so).so_name', '"hello"'],
    ['so->so_data', '{0x1, 0x2, 0x3, 0x0 <repeats 37 times>}'],
    ['so->so_data[1]', "2 '\\002'"],
    ['so->so_data[1]@3', '{0x2, 0x3, 0x0}'],
    ['*so->so_data@2', '{0x1, 0x2}'],
    ['*(so->so_data + 2)', "3 '\\003'"],
    ['iov->iov_len', '60'],
    ['iov[1].iov_len', '4'],
    ['*iov', '{iov_base = 0x7f0000001040, iov_len = 60}'],
    ['any->deep[2]', '30'],
    ['any->map["a"]', '1'],
    ['any->deep', '{10, 20, 30}'],
    ['s->mac_reg[RDH] == 3', '1'],
    ['machine->nics[0]->mac_reg[RDH]', '3'],
    ['machine.turns', '7'],
    ['so->so_next->so_state', 'error: Cannot access memory at address 0x0'],
    ['*none', 'error: Cannot access memory at address 0x0'],
    ['so->foo', 'error: There is no member named foo.'],
    ['any->foo', 'error: There is no member named foo.'],
    ['*x', 'error: Attempt to take contents of a non-pointer value.'],
    ['x->y', 'error: Attempt to extract a component of a value that is not a structure pointer.'],
    ['x[1]', "error: cannot subscript something of type `number'"],
    ['iov[9]', 'error: Cannot access memory: the index is outside of the array.'],
    ['5@2', "error: Only values in memory can be extended with '@'."],
    ['add', '{number (socket, number, Uint8Array)} <add>'],
    ['text', '"listening on 5556"'],
  ]);

  table('packet fields', [
    ['$pkt.tcp.dstport', '5556'],
    ['$pkt.tcp.dstport == 5556', '1'],
    ['$pkt.tcp.dstport == 5556 && size > 50', '1'],
    ['$pkt.tcp.port == 45678', '1'],
    ['$pkt.ip.addr == 10.0.2.15', '1'],
    ['$pkt.ip.src', '10.0.2.2'],
    ['$pkt.ip.src == "10.0.2.2"', '1'],
    ['$pkt.eth.dst == 52:54:00:12:34:56', '1'],
    ['$pkt.eth.dst', '52:54:00:12:34:56'],
    ['$pkt.tcp', 'true'],
    ['$pkt.udp', 'false'],
    ['$pkt.udp.dstport', '<not in this packet>'],
    ['$pkt.udp.dstport == 53', '0'],
    ['$pkt.udp.dstport != 53', '0'],
    ['$pkt.tcp.flags.syn && !$pkt.tcp.flags.ack', '1'],
    ['$pkt.tcp.flags & 2', '2'],
    ['buf[0] == 0x52', '1'],
    ['$pkt("tcp.dstport == 5556 && ip.addr == 10.0.2.0/24")', '1'],
    ['$pkt("udp") || size > 50', '1'],
    ['$pkt("dns.qry.type == \\"A\\"")', '0'],
    ['$pkt(1)', 'error: $pkt takes a display filter in quotes: $pkt("tcp.port == 80").'],
    [
      '$pkt.ip.addr == 10.0.2.0/24',
      'error: 10.0.2.0/24 divides in C; a network is compared by a display filter: $pkt("ip.addr == 10.0.2.0/24").',
    ],
    ['$pkt.ip.src == "nonsense"', 'error: "nonsense" is no value of ip.src; expected an IPv4 address such as 10.0.2.2'],
  ]);

  it('names fields near a misspelled one', async () => {
    assert.match(
      await shown('$pkt.tcp.dport'),
      /^error: \$pkt\.tcp\.dport: no such field; did you mean .*tcp\.dstport/,
    );
  });

  table('registers, variables, functions', [
    ['$ICR', '131'],
    ['$RDH + 1', '4'],
    ['$nothing', 'void'],
    ['$_streq(text, "x")', '0'],
    ['$_regex(text, "listening")', '1'],
    ['$_regex(text, "^on")', '0'],
    ['$_strlen("abc")', '3'],
    ['$_memeq(buf, so->so_data, 1)', '0'],
    ['$_regex(text)', 'error: You must provide 2 arguments: $_regex (STR, REGEX).'],
    ['$_regex(text, "(")', 'error: Invalid regular expression: /(/: Unterminated group'],
    ['$_nosuch(1)', 'error: $_nosuch is not a function; "show convenience" lists them'],
    ['$nothing + 1', 'error: Argument to arithmetic operation not a number or boolean.'],
  ]);

  table("errors in gdb's words", [
    ['nosuch', 'error: No symbol "nosuch" in current context.'],
    ['1 +', "error: A syntax error in expression, near `'."],
    ['(1', "error: A syntax error in expression, near `'."],
    ['1 2', "error: A syntax error in expression, near `2'."],
    ['1)', 'error: Junk after end of expression.'],
    ['08', 'error: Invalid number "08".'],
    ['0xzz', 'error: Invalid number "0xzz".'],
    ["'ab", 'error: Unmatched single quote.'],
    ['"ab', 'error: Unterminated string in expression.'],
    ['#', "error: Invalid character '#' in expression."],
    ['5 = 3', 'error: Left operand of assignment is not an lvalue.'],
    ['$pkt.tcp.dstport = 3', 'error: Left operand of assignment is not an lvalue.'],
    ['(x = 3) + 1', 'error: An assignment is allowed only at the top of an expression of print, call or set var.'],
    [
      'add(1, 2)',
      'error: "add" may change the machine: only functions without effect can be called, such as mid. ' +
        'Set a breakpoint there instead.',
    ],
    ['so->constructor', 'error: There is no member named constructor.'],
    ['any->__proto__', 'error: There is no member named __proto__.'],
    ['any["constructor"]', 'error: cannot subscript something of this type'],
  ]);

  describe('assignment', () => {
    it('sets locals, fields, elements and registers', async () => {
      const engine = new GdbEngine().stand();
      assert.equal(await shown('x = 9', '', engine), '9');
      assert.equal(await shown('x++', '', engine), '9');
      assert.equal(await shown('++x', '', engine), '11');
      assert.equal(await shown('so->so_state += 4', '', engine), '8');
      assert.equal(await shown('so->so_data[0] = 0x41', '', engine), "65 'A'");
      assert.equal(await shown('$RDH = 5', '', engine), '5');
      assert.equal(await shown('$RDH', '', engine), '5');
      assert.equal(await shown('any->deep[0] = x = 2', '', engine), '2');
      assert.equal(await shown('any->deep[0] + x', '', engine), '4');
    });

    it('is refused where nothing may change', async () => {
      const engine = new GdbEngine().stand();
      const evaluator = new Evaluator(engine);
      await assert.rejects(evaluator.evaluate('x = 5', 0), ExpressionError);
      await assert.rejects(evaluator.evaluate('so->so_state++', 0), ExpressionError);
      assert.throws(() => evaluator.condition('x = 5').compile(engine.scope(0)), ExpressionError);
      assert.equal(await shown('x', '', engine), '3');
    });
  });

  it('evaluates constants without a machine', async () => {
    const engine = new GdbEngine();
    assert.equal(await shown('1 + 1', '', engine), '2');
    assert.equal(await shown('RDH * 4', '', engine), '10256');
    assert.equal(await shown('x', '', engine), 'error: No symbol "x" in current context.');
  });

  it('compiles conditions to code as tight as if written by hand', () => {
    const engine = new GdbEngine().stand();
    const context = new Evaluator(engine).context();
    const js = (text: string): string => compileCondition(parseExpression(text), engine.scope(0), context);
    assert.equal(js('$pkt.tcp.dstport == 5556'), '(($pkt&&$F["tcp.dstport"].get($pkt))==5556)');
    assert.equal(js('$pkt.dns.flags.response'), '!!(($pkt&&$F["dns.flags.response"].get($pkt)))');
    assert.equal(
      js('$pkt.tcp.port == 5556'),
      '(($pkt&&$F["tcp.srcport"].get($pkt))==5556||($pkt&&$F["tcp.dstport"].get($pkt))==5556)',
    );
    assert.match(js('$pkt.dns.qry.type == 1'), /some/, 'a field that may occur more than once');
    assert.equal(js('size > 60 && s->mac_reg[RDH] == 3'), '((size>60)&&(s.mac_reg[2564]==3))');
    assert.equal(js('so->so_state & SS_ISFCONNECTED').includes('so.so_state'), true);
  });

  describe('with any input', () => {
    const words = fc.constantFrom(
      ...'x so buf $pkt $ICR $1 $$ $_regex ( ) [ ] { }'.split(' '),
      ...'+ - * / % & | ^ ~ ! < > << >> <= >= == != && || ? : , . -> ++ -- = += @ sizeof'.split(' '),
      ...'1 0x 0xff 08 1.5 10.0.2.2 52:54:00:12:34:56 \'a\' "s" "'.split(' '),
      '(char)',
      'struct socket *',
      '\\',
      '`',
      '\u0000',
      'constructor',
      '__proto__',
    );
    const inputs = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 30 }),
      fc.array(words, { maxLength: 40 }).map((w) => w.join(' ')),
      fc.array(words, { maxLength: 40 }).map((w) => w.join('')),
    );

    it('throws nothing but ExpressionError', () => {
      const engine = new GdbEngine().stand();
      const evaluator = new Evaluator(engine);
      fc.assert(
        fc.property(inputs, (text) => {
          try {
            const js = evaluator.condition(text).compile(engine.scope(0));
            // What compiles is JavaScript.
            new Function(`return (${js})`);
          } catch (e) {
            assert.ok(e instanceof ExpressionError, `${text}: ${String(e)}`);
          }
        }),
        { numRuns: 3000 },
      );
    });

    it('survives deep and long ones', () => {
      const evaluator = new Evaluator(new GdbEngine().stand());
      for (const text of [
        '('.repeat(3000),
        '-'.repeat(4000),
        '1+'.repeat(2000),
        'a?'.repeat(2000),
        '*'.repeat(5000),
        'x['.repeat(1300),
      ]) {
        assert.throws(() => evaluator.condition(text), ExpressionError);
      }
    });

    it('agrees with C on integer operators', () => {
      const int = fc.integer({ min: -0x80000000, max: 0x7fffffff });
      const ops: Record<string, (a: number, b: number) => number> = {
        '+': (a, b) => (a + b) | 0,
        '-': (a, b) => (a - b) | 0,
        '*': (a, b) => Math.imul(a, b),
        '&': (a, b) => a & b,
        '|': (a, b) => a | b,
        '^': (a, b) => a ^ b,
        '/': (a, b) => Math.trunc(a / b),
        '%': (a, b) => a % b,
      };
      const evaluator = new Evaluator(new GdbEngine());
      return fc.assert(
        fc.asyncProperty(int, int, fc.constantFrom(...Object.keys(ops)), async (a, b, op) => {
          fc.pre(b !== 0 && a !== -0x80000000 && b !== -0x80000000);
          const { value } = await evaluator.evaluate(`(${a}) ${op} (${b})`, -1);
          assert.equal(Number(value.value) + 0, ops[op]!(a, b) + 0);
        }),
        { numRuns: 200 },
      );
    });
  });
});
