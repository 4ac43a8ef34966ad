/** What is said to who asks why a packet was dropped. */
import assert from 'node:assert/strict';
import { DROP_ADVICE } from '../../adapter/inspect/drop-advice.ts';
import { FIELDS } from '../../adapter/packets/fields.ts';
import { DROP_REASONS } from '../../adapter/stack/util/drop_reasons.ts';

describe('advice on drops', () => {
  it('each reason has an explanation, a section and what to do, with fields that there are', () => {
    assert.deepEqual(Object.keys(DROP_ADVICE).sort(), Object.keys(DROP_REASONS).sort());
    for (const [reason, { section, advice }] of Object.entries(DROP_ADVICE)) {
      assert.match(DROP_REASONS[reason as keyof typeof DROP_REASONS], /\w{3}/, reason);
      assert.match(section, /\w{3}/, reason);
      assert.match(advice, /\w+ \w+.*[.?]$/s, reason);
      for (const [, field = ''] of advice.matchAll(/\{([\w.]+)\}/g)) {
        assert.ok(field === 'port' || field in FIELDS, `${reason}: ${field}`);
      }
    }
  });
});
