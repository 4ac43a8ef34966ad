import assert from 'node:assert/strict';
import { createNote, readNote, writeNote } from '../../adapter/mailbox/note.ts';

describe('a note in shared memory', () => {
  it('holds the last text that was written', () => {
    const note = createNote(64);
    assert.equal(readNote(note), '');
    for (const text of ['a longer text, with ümlauts and 🙂', 'short', '']) {
      writeNote(note, text);
      assert.equal(readNote(note), text);
    }
  });

  it('refuses a text that it has no room for, and keeps the one before', () => {
    const note = createNote(4);
    writeNote(note, 'abcd');
    assert.throws(() => writeNote(note, 'äbcd'), RangeError);
    assert.equal(readNote(note), 'abcd');
  });
});
