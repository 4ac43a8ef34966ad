/** Registers and their bit fields, without a front end. */
import assert from 'node:assert/strict';
import { Evaluator } from '../../adapter/inspect/evaluator.ts';
import { chooseNic, Nic, nics, Register } from '../../adapter/inspect/nics.ts';
import {
  bitRange,
  fieldBits,
  fieldValue,
  fits,
  setFields,
  WORD,
  withFieldBits,
} from '../../adapter/inspect/register-notation.ts';
import { registerOf } from '../../adapter/inspect/register-of.ts';
import {
  findRegister,
  findRegisters,
  REGISTER_GROUPS,
  REGISTERS_BY_GROUP,
  type RegisterInfo,
  registerAt,
  registerIndex,
  registerNames,
  SINGLE_REGISTERS,
} from '../../adapter/inspect/registers.ts';
import { DapEngine } from '../dap/fake-engine.ts';
import { GdbEngine as FakeMachine } from '../gdb/fake-engine.ts';

const HIGH = { lsb: 31, width: 1 };
const MIDDLE = { lsb: 16, width: 2 };

function register(name: string): RegisterInfo {
  const found = findRegister(name);
  assert.ok(found, name);
  return found;
}

/** A machine with as many NICs. */
async function machine(count = 1): Promise<DapEngine> {
  const engine = new DapEngine();
  await engine.launch({ args: [], stopOnEntry: true });
  for (let i = 1; i < count; i++) {
    engine.shared.set(`e1000.${i}/mac_reg`, new SharedArrayBuffer(0x20000));
  }
  return engine;
}

describe('bit fields', () => {
  it('are read from anywhere in a word, the high bit and the whole word too', () => {
    assert.equal(fieldBits(0x00020000, MIDDLE), 2);
    assert.equal(fieldBits(0x80000000, HIGH), 1);
    assert.equal(fieldBits(0x7fffffff, HIGH), 0);
    assert.equal(fieldBits(0xffffffff, WORD), 0xffffffff);
    assert.equal(fieldBits(0xfedcba98, { lsb: 28, width: 4 }), 0xf);
    assert.equal(fieldBits(0xfedcba98, { lsb: 0, width: 16 }), 0xba98);
  });

  it('are set without touching other bits', () => {
    assert.equal(withFieldBits(0xffffffff, MIDDLE, 1), 0xfffdffff);
    assert.equal(withFieldBits(0, HIGH, 1), 0x80000000);
    assert.equal(withFieldBits(0xffffffff, HIGH, 0), 0x7fffffff);
    assert.equal(withFieldBits(5, WORD, 0xffffffff), 0xffffffff);
    assert.equal(withFieldBits(0xffffffff, WORD, 0), 0);
  });

  it('of every place and width give back what was set', () => {
    for (let lsb = 0; lsb < 32; lsb++) {
      for (let width = 1; lsb + width <= 32; width++) {
        const field = { lsb, width };
        for (const before of [0, 0xffffffff, 0xa5a5a5a5]) {
          for (const bits of [0, 1, 2 ** width - 1]) {
            const after = withFieldBits(before, field, bits);
            assert.ok(after !== undefined && fits(after, 32));
            assert.equal(fieldBits(after, field), bits);
            assert.equal(withFieldBits(after, field, fieldBits(before, field)), before);
          }
        }
      }
    }
  });

  it('refuse what does not fit', () => {
    for (const bits of [4, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.equal(withFieldBits(0, MIDDLE, bits), undefined, String(bits));
    }
    assert.equal(withFieldBits(0, WORD, 2 ** 32), undefined);
    assert.equal(withFieldBits(0, { lsb: 31, width: 2 }, 1), undefined);
    assert.equal(withFieldBits(0, { lsb: 32, width: 1 }, 0), undefined);
  });

  it('have ranges as in the manual, and meanings', () => {
    assert.deepEqual([bitRange(MIDDLE), bitRange(HIGH), bitRange(WORD)], ['17:16', '31', '31:0']);
    const field = { ...MIDDLE, name: 'BSIZE', values: { 2: '512 bytes' } };
    assert.deepEqual(fieldValue(0x20000, field), { field, bits: 2, meaning: '512 bytes' });
    assert.deepEqual(fieldValue(0x10000, field), { field, bits: 1, meaning: undefined });
    assert.deepEqual(
      setFields(0x80000000, [field, { ...HIGH, name: 'FPD' }]).map(({ field: { name }, bits }) => [name, bits]),
      [['FPD', 1]],
    );
  });
});

describe('registers', () => {
  it('are in groups in the order of the manual', () => {
    assert.deepEqual(REGISTER_GROUPS, ['General', 'Interrupt', 'Receive', 'Transmit', 'FIFO', 'Wakeup', 'Statistics']);
    const inOrder = (group: string, ...names: string[]): void => {
      const { registers } = REGISTERS_BY_GROUP.find(({ name }) => name === group)!;
      const all = registers.map(({ name }) => name);
      assert.deepEqual(
        names.map((name) => all.indexOf(name)).toSorted((a, b) => a - b),
        names.map((name) => all.indexOf(name)),
        group,
      );
      assert.ok(all.includes(names[0]!), group);
    };
    inOrder('Receive', 'RCTL', 'RDBAL', 'RDBAH', 'RDLEN', 'RDH', 'RDT', 'RDTR');
    inOrder('Interrupt', 'ICR', 'ITR', 'ICS', 'IMS', 'IMC');
    assert.deepEqual(SINGLE_REGISTERS.map(({ name }) => name).toSorted(), registerNames());
  });

  it('are found by name, group and place', () => {
    assert.equal(registerIndex('RDH'), 0x2810 >> 2);
    assert.deepEqual(
      [registerIndex('MTA'), registerIndex('rdh'), registerIndex('NOPE')],
      [undefined, undefined, undefined],
    );
    assert.deepEqual(
      findRegisters('$rdh')?.map(({ name }) => name),
      ['RDH'],
    );
    assert.ok(findRegisters('receive')?.some(({ name }) => name === 'MTA'));
    assert.equal(findRegisters('NOPE'), undefined);
    assert.deepEqual(registerAt(0x5204 >> 2), { info: register('MTA'), element: 1 });
    assert.deepEqual(registerAt((0x9000 + 8 * 3) >> 2), { info: register('FFMT'), element: 3 });
    assert.equal(registerAt((0x9000 + 4) >> 2), undefined);
    assert.equal(registerAt(0.5), undefined);
    assert.equal(registerAt(Number.NaN), undefined);
  });

  it('of a NIC are read and stored in place', async () => {
    const registers = new Uint32Array(0x8000);
    const nic = new Nic('e1000.0', registers, async (at, data) => new Uint8Array(registers.buffer).set(data, at));
    const ctrl = new Register(nic, register('CTRL'));
    assert.ok(await ctrl.store(0xffffffff));
    assert.ok(await ctrl.store(0, HIGH));
    assert.deepEqual([ctrl.value, nic.registers[0]], [0x7fffffff, 0x7fffffff]);
    assert.equal(await ctrl.store(2, HIGH), false);
    assert.equal(await ctrl.store(2 ** 32), false);
    assert.equal(ctrl.value, 0x7fffffff);
    const element = new Register(nic, register('FFMT'), 2);
    assert.deepEqual([element.name, element.offset, element.index], ['FFMT[2]', 0x9010, 0x9010 >> 2]);
    assert.deepEqual(nic.registerAt(element.index), element);
    assert.equal(ctrl.name, 'CTRL');
  });

  it('have an expression and an address', async () => {
    const engine = await machine();
    const [nic] = nics(engine);
    assert.ok(nic);
    const [rdh, mta] = [new Register(nic, register('RDH')), new Register(nic, register('MTA'), 1)];
    assert.deepEqual(
      [rdh.expression(engine), mta.expression(engine)],
      ['$RDH', `machine->nics[0]->mac_reg[${0x5204 >> 2}]`],
    );
    assert.deepEqual([rdh.address(engine), mta.address(engine)], [0xfebc2810, 0xfebc5204]);
  });

  it('of several NICs: `$NAME` means those of the first', async () => {
    const engine = await machine(2);
    const all = nics(engine);
    assert.deepEqual(
      all.map((nic) => new Register(nic, register('RDH')).expression(engine)),
      ['$RDH', undefined],
    );
    assert.deepEqual(
      all.map((nic) => new Register(nic, register('MTA'), 1).expression(engine)),
      [undefined, undefined],
    );
    const { nic, rest } = chooseNic(engine, ['RDH', 'e1000.1']);
    assert.deepEqual([nic?.name, rest], ['e1000.1', ['RDH']]);
    assert.equal(chooseNic(engine, ['e1000.7']).nic?.name, 'e1000.0');
  });

  it('are what some expressions mean', async () => {
    const engine = await machine();
    const evaluator = new Evaluator(engine);
    const name = async (text: string): Promise<string | undefined> => (await registerOf(evaluator, text, 0))?.name;
    assert.equal(await name('$RDH'), 'RDH');
    assert.equal(await name(`s->mac_reg[${0x5204 >> 2}]`), 'MTA[1]');
    assert.equal(await name('s.mac_reg[0x2810 >> 2]'), 'RDH');
    for (const text of ['$MTA', '$nope', '$RDH + 1', 's.big[3]', 's.mac_reg[99999]', 's.mac_reg[nope]', '(', '']) {
      assert.equal(await name(text), undefined, text);
    }
    evaluator.dispose();
  });

  it('of several NICs are those of the object that an expression means', async () => {
    const engine = new FakeMachine().stand();
    const { nics: objects } = engine.globals['machine'] as { nics: { mac_reg: Uint32Array }[] };
    const second = Object.assign(Object.create(Object.getPrototypeOf(objects[0])), {
      mac_reg: new Uint32Array(0x8000),
    });
    objects.push(second);
    engine.shared = new Map([...engine.shared, ['e1000.1/mac_reg', second.mac_reg.buffer]]);
    const evaluator = new Evaluator(engine);
    for (const [text, nic] of [
      ['s->mac_reg[RDH]', 'e1000.0'],
      ['machine->nics[0].mac_reg[RDH]', 'e1000.0'],
      ['machine->nics[1].mac_reg[RDH + 0]', 'e1000.1'],
      ['so->mac_reg[RDH]', undefined],
    ] as const) {
      const found = await registerOf(evaluator, text, 0);
      assert.deepEqual([found?.nic.name, found?.name], [nic, nic && 'RDH'], text);
    }
    evaluator.dispose();
  });
});
