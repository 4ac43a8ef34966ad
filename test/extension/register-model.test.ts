/** The tree of registers: what is in it, and what is marked as changed. */
import assert from 'node:assert/strict';
import type { RegisterLayout } from '../../adapter/dap/custom.ts';
import { RegisterModel, type RegisterNode } from '../../src/views/register-model.ts';

const common = { description: '', access: 'rw', reset: 0, section: '1', stride: 4, count: 1 } as const;
const EN = { name: 'EN', lsb: 1, width: 1, description: 'Enable' };
const LAYOUT: RegisterLayout = {
  groups: [
    {
      name: 'Receive',
      registers: [
        { ...common, name: 'RCTL', offset: 0x100, fields: [EN] },
        { ...common, name: 'RDH', offset: 0x2810, fields: [] },
        { ...common, name: 'MTA', offset: 0x5200, count: 128, fields: [] },
        { ...common, name: 'PBM', offset: 0x10000, count: 300, fields: [] },
      ],
    },
  ],
};

describe('tree of registers', () => {
  let model: RegisterModel;

  beforeEach(() => {
    model = new RegisterModel();
    model.reset(LAYOUT);
    model.update({ nics: [{ name: 'e1000.0', values: [2, 5] }], ranges: [] }, []);
  });

  function find(label: string, nodes = model.roots()): RegisterNode {
    const found = nodes.find((node) => node.label === label);
    assert.ok(found, `${label} is not among ${nodes.map((n) => n.label).join(', ')}`);
    return found;
  }

  function inGroup(label: string): RegisterNode {
    return find(label, model.children(find('Receive')));
  }

  const set = (rctl: number, rdh: number): 'all' | RegisterNode[] =>
    model.update({ nics: [{ name: 'e1000.0', values: [rctl, rdh] }], ranges: [] }, []);

  it('shows groups, registers with their fields, and values in the wanted format', () => {
    assert.equal(model.text(inGroup('RDH'), 'hex'), '0x00000005');
    assert.equal(model.text(inGroup('RDH'), 'dec'), '5');
    assert.equal(model.text(inGroup('RCTL'), 'hex'), '0x00000002  EN');
    assert.equal(model.text(find('EN', model.children(inGroup('RCTL'))), 'hex'), '1');
  });

  it('has what is pinned in a group of its own, before all others', () => {
    model.pin(['RDH', 'none']);
    const [first, second] = model.roots();
    assert.deepEqual([first?.label, second?.label], ['Pinned', 'Receive']);
    const [row, ...others] = model.children(first!);
    assert.deepEqual([row?.label, model.text(row!, 'hex'), others.length], ['RDH', '0x00000005', 0]);
    assert.deepEqual([model.isPinned(row!), model.isPinned(inGroup('RCTL'))], [true, false]);
    model.pin([]);
    assert.deepEqual(model.roots()[0]?.label, 'Receive');
  });

  it('finds registers and fields in groups that are closed', () => {
    const found = model.findable();
    assert.deepEqual(
      found.map(({ name, group }) => `${group} ${name}`),
      ['Receive RCTL', 'Receive RCTL.EN', 'Receive RDH', 'Receive MTA', 'Receive PBM'],
    );
    assert.equal(found[1]?.node.parent, inGroup('RCTL'));
    assert.match(model.allText('dec'), /^RCTL +2 {2}EN\nRDH +5\n$/);
  });

  it('says what a value was when the machine went on', () => {
    model.markBaseline();
    set(0, 6);
    assert.equal(model.text(inGroup('RDH'), 'dec'), '5 → 6');
    assert.equal(model.text(inGroup('RDH'), 'hex'), '0x5 → 0x6');
    assert.equal(model.text(inGroup('RDH'), 'bin'), '0b101 → 0b110');
    assert.equal(model.text(find('EN', model.children(inGroup('RCTL'))), 'hex'), '1 → 0');
  });

  it('gives the same node each time, so that a tree stays open', () => {
    assert.equal(inGroup('RDH'), inGroup('RDH'));
    assert.equal(inGroup('RDH').parent, find('Receive'));
  });

  it('marks what has changed since the machine went on, up to the group', () => {
    assert.equal(model.isChanged(inGroup('RDH')), false);
    model.markBaseline();
    const changed = set(2, 6);
    assert.ok(Array.isArray(changed) && changed.includes(inGroup('RDH')) && changed.includes(find('Receive')));
    assert.ok(!changed.includes(inGroup('RCTL')));
    assert.equal(model.isChanged(inGroup('RDH')), true);
    assert.equal(model.isChanged(inGroup('RCTL')), false);
    assert.equal(model.text(find('Receive'), 'hex'), '1 changed');
    model.markBaseline();
    assert.equal(model.isChanged(inGroup('RDH')), false);
  });

  it('marks what has changed since it was first read, before any stop', () => {
    set(2, 9);
    assert.equal(model.isChanged(inGroup('RDH')), true);
    assert.equal(model.isChanged(inGroup('RCTL')), false);
  });

  it('marks only the fields that are others', () => {
    const field = find('EN', model.children(inGroup('RCTL')));
    model.markBaseline();
    set(6, 5);
    assert.equal(model.isChanged(inGroup('RCTL')), true);
    assert.equal(model.isChanged(field), false);
    set(4, 5);
    assert.equal(model.isChanged(field), true);
  });

  it('reads arrays only where they are open, in ranges where they are long', () => {
    const mta = inGroup('MTA');
    const range = model.rangeOf(mta);
    assert.deepEqual(range, { nic: 'e1000.0', offset: 0x5200, stride: 4, count: 128 });
    model.update({ nics: [{ name: 'e1000.0', values: [2, 5] }], ranges: [[7, 8, 9]] }, [range]);
    assert.equal(model.text(find('[2]', model.children(mta)), 'dec'), '9');
    const pages = model.children(inGroup('PBM'));
    assert.deepEqual(
      pages.map(({ label }) => label),
      ['[0 - 127]', '[128 - 255]', '[256 - 299]'],
    );
    assert.equal(model.rangeOf(inGroup('PBM')), undefined);
    assert.deepEqual(model.rangeOf(pages[2]!), { nic: 'e1000.0', offset: 0x10000 + 1024, stride: 4, count: 44 });
    assert.equal(find('[299]', model.children(pages[2]!)).label, '[299]');
  });

  it('has a node for each NIC where there are several', () => {
    const nics = ['e1000.0', 'e1000.1'].map((name) => ({ name, values: [0, 0] }));
    assert.equal(model.update({ nics, ranges: [] }, []), 'all');
    assert.deepEqual(
      model.roots().map(({ label }) => label),
      ['e1000.0', 'e1000.1'],
    );
    assert.equal(find('Receive', model.children(model.roots()[1]!)).id, 'e1000.1/Receive');
  });
});
