/** How the Registers view writes values. */
import assert from 'node:assert/strict';
import { bitRange } from '../../adapter/inspect/register-notation.ts';
import {
  fieldSummary,
  formatField,
  formatRegister,
  nextFormat,
  registerMarkdown,
} from '../../src/views/register-format.ts';

const SPEED = { name: 'SPEED', lsb: 8, width: 2, description: 'Speed', values: { 2: '1000 Mb/s' } };
const SLU = { name: 'SLU', lsb: 6, width: 1, description: 'Set link up' };
const CTRL = {
  name: 'CTRL',
  description: 'Device Control',
  offset: 0,
  stride: 4,
  count: 1,
  access: 'rw',
  reset: 0x140240,
  section: '13.4.1',
  fields: [SLU, SPEED],
} as const;

describe('values of registers', () => {
  it('are padded to their width in hexadecimal and binary', () => {
    assert.equal(formatRegister(42, 32, 'hex'), '0x0000002a');
    assert.equal(formatRegister(42, 32, 'dec'), '42');
    assert.equal(formatRegister(42, 8, 'bin'), '0b0010_1010');
    assert.equal(formatRegister(5, 6, 'bin'), '0b00_0101');
    assert.equal(formatRegister(0xffffffff, 32, 'bin').replaceAll('_', ''), `0b${'1'.repeat(32)}`);
  });

  it('of one bit are 0 or 1 in every format', () => {
    assert.deepEqual(
      (['hex', 'dec', 'bin'] as const).map((format) => formatRegister(1, 1, format)),
      ['1', '1', '1'],
    );
  });

  it('go through the formats in turn', () => {
    assert.deepEqual([nextFormat('hex'), nextFormat('dec'), nextFormat('bin')], ['dec', 'bin', 'hex']);
  });

  it('of fields say what they mean', () => {
    assert.equal(formatField(0x140240, SPEED, 'hex'), '0x2 (1000 Mb/s)');
    assert.equal(formatField(0, SPEED, 'dec'), '0');
    assert.deepEqual([bitRange(SPEED), bitRange(SLU)], ['9:8', '6']);
  });

  it('name the fields that are set', () => {
    assert.equal(fieldSummary(0x140240, CTRL.fields, 'hex'), 'SLU SPEED=0x2');
    assert.equal(fieldSummary(0x140240, CTRL.fields, 'dec'), 'SLU SPEED=2');
    assert.equal(fieldSummary(0, CTRL.fields, 'hex'), '');
  });

  it('have a tooltip with place, access, reset value and a table of fields', () => {
    const text = registerMarkdown(CTRL, 0x140240);
    assert.match(text, /^\*\*CTRL\*\* Device Control/);
    assert.match(text, /Offset 0x0000, read\/write, reset value 0x00140240, section 13\.4\.1/);
    assert.match(text, /`0x00140240`/);
    assert.match(text, /\| 9:8 \| SPEED \| 0x2 \\\(1000 Mb\/s\\\) \| Speed \|/);
  });
});
