/** Numbers and bytes as text, and back. */
import assert from 'node:assert/strict';
import {
  hex,
  hexBytes,
  hexDump,
  parseNumber,
  visible,
  visibleJson,
  visibleLines,
} from '../../adapter/packets/format.ts';

describe('numbers as text', () => {
  it('have at least as many hex digits as asked for', () => {
    assert.deepEqual([hex(255), hex(255, 4), hex(0x12345, 2), hex(0)], ['0xff', '0x00ff', '0x12345', '0x0']);
    assert.equal(hex(2n ** 64n - 1n), '0xffffffffffffffff');
  });

  it('are read in the notation of C', () => {
    assert.deepEqual(
      ['0', '255', '0xFF', '0b101', '010', '08', '4294967296'].map(parseNumber),
      [0, 255, 255, 5, 8, 8, 4294967296],
    );
    for (const text of ['', ' 1', '-1', '1.5', '0x', '0b2', '0xg', '1e3', '1 (one)', 'x']) {
      assert.equal(parseNumber(text), undefined, text);
    }
  });
});

describe('bytes as text', () => {
  it('have two digits each', () => {
    assert.equal(hexBytes(Uint8Array.of(0, 10, 255)), '00 0a ff');
    assert.equal(hexBytes(new Uint8Array(0)), '');
  });

  it('are dumped in lines of 16, with addresses and characters', () => {
    const bytes = Uint8Array.from({ length: 18 }, (_, i) => (i < 16 ? 0x41 + i : [0x7f, 0x20][i - 16]!));
    assert.equal(
      hexDump(bytes, 0x201800),
      '00201800  41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP\n' +
        `00201810  7f 20${' '.repeat(44)}. \n`,
    );
    assert.equal(hexDump(new Uint8Array(0), 0), '');
  });
});

describe("somebody else's text", () => {
  const text = 'a\x1b[31m\x9b\r\n\t\u202eb\u2066\u200fä';
  it('has nothing that a terminal obeys', () => {
    assert.equal(visible(text), 'a\\x1b[31m\\x9b\\r\\n\\t\\u202eb\\u2066\\u200fä');
    assert.equal(visibleLines(text), 'a\\x1b[31m\\x9b\\r\n\t\\u202eb\\u2066\\u200fä');
  });

  it('stays the same in JSON', () => {
    assert.match(visibleJson([text]), /^[\x20-\x7eä]*$/);
    assert.deepEqual(JSON.parse(visibleJson([text])), [text]);
  });
});
