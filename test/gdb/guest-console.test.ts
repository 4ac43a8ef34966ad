/** What a guest prints does not reach what the terminal can do besides showing text. */
import assert from 'node:assert/strict';
import { GuestConsoleFilter } from '../../adapter/gdb/guest-console.ts';

describe("the guest's console", () => {
  for (const [what, text, shown] of [
    [
      'text, colours and the cursor pass',
      'a\x1b[31mb\x1b[0m\x1b[2J\x1b[6n\x1bMc\r\n\tä',
      'a\x1b[31mb\x1b[0m\x1b[2J\x1b[6n\x1bMc\r\n\tä',
    ],
    ['the clipboard (OSC 52) does not', 'a\x1b]52;c;cm0gLXJm\x07b', 'ab'],
    ['nor the title, up to ESC \\', 'a\x1b]0;title\x1b\\b', 'ab'],
    ['nor DCS, SOS, PM, APC', 'a\x1bPq\x1b\\b\x1bXx\x1b\\c\x1b^x\x1b\\d\x1b_x\x1b\\e', 'abcde'],
    ['nor their one-character forms', 'a\u009d52;c;x\u009cb\u0090q\u009cc', 'abc'],
    ['CAN gives one up', 'a\x1b]52;c;x\x18b', 'ab'],
    ['an escape within one begins another sequence', 'a\x1b]0;x\x1b[31mb', 'a\x1b[31mb'],
    ['an escape twice is one', 'a\x1b\x1b]0;x\x07b', 'ab'],
  ] as const) {
    it(what, () => {
      assert.equal(new GuestConsoleFilter().filter(text), shown);
      const filter = new GuestConsoleFilter();
      assert.equal([...text].map((c) => filter.filter(c)).join(''), shown, 'a character at a time');
    });
  }
});
