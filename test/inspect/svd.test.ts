/** `e1000.svd` has the structure that the CMSIS-SVD schema (1.3) demands, and says what the register table says. */
import assert from 'node:assert/strict';
import { e1000Svd } from '../../adapter/inspect/svd.ts';
import { E1000_REGISTERS } from '../../adapter/stack/hw/net/e1000_regs.ts';

interface Element {
  readonly tag: string;
  readonly children: Element[];
  text: string;
}

/** Parses XML without mixed content. Throws if tags do not match. */
function parse(xml: string): Element {
  const stack: Element[] = [{ tag: '', children: [], text: '' }];
  for (const [, close, tag, text] of xml.replace(/^<\?.*?\?>/, '').matchAll(/<(\/?)([A-Za-z]+)[^>]*>([^<]*)/g)) {
    if (close) {
      assert.equal(stack.pop()!.tag, tag);
    } else {
      const e: Element = { tag: tag!, children: [], text: text!.trim() };
      stack.at(-1)!.children.push(e);
      stack.push(e);
    }
  }
  assert.equal(stack.length, 1);
  return stack[0]!.children[0]!;
}

/** What a device, a peripheral and a register can all say of registers. */
const REGISTER_PROPERTIES = 'size? access? protection? resetValue? resetMask?';

/** The schema's sequence of each element; `?` for what may be absent, `*` for what may come more than once. */
const SEQUENCES: Readonly<Record<string, string>> = {
  device:
    'vendor? vendorID? name series? version description licenseText? cpu? headerSystemFilename? ' +
    `headerDefinitionsPrefix? addressUnitBits width ${REGISTER_PROPERTIES} peripherals vendorExtensions?`,
  peripherals: 'peripheral*',
  peripheral:
    'dim? dimIncrement? dimIndex? name version? description? alternatePeripheral? groupName? prependToName? ' +
    `appendToName? headerStructName? disableCondition? baseAddress ${REGISTER_PROPERTIES} ` +
    'addressBlock* interrupt? registers?',
  addressBlock: 'offset size usage protection?',
  registers: 'register*',
  register:
    'dim? dimIncrement? dimIndex? name displayName? description? alternateGroup? alternateRegister? addressOffset ' +
    `${REGISTER_PROPERTIES} dataType? modifiedWriteValues? writeConstraint? readAction? fields?`,
  fields: 'field*',
  field:
    'name description? bitOffset bitWidth? access? modifiedWriteValues? writeConstraint? readAction? enumeratedValues?',
  enumeratedValues: 'name? headerEnumName? usage? enumeratedValue*',
  enumeratedValue: 'name description? value',
};

/** What the text of an element has to look like. */
const PATTERNS: Readonly<Record<string, RegExp>> = {
  access: /^(read-only|write-only|read-write)$/,
  readAction: /^clear$/,
  usage: /^registers$/,
  bitOffset: /^\d+$/,
  bitWidth: /^[1-9]\d*$/,
  dim: /^\d+$/,
  value: /^\d+$/,
};

function check(e: Element): void {
  const sequence = SEQUENCES[e.tag];
  if (sequence) {
    const pattern = sequence
      .split(' ')
      .map((p) => `(?:<${p.replace(/[?*]$/, '')}>)${/[?*]$/.exec(p)?.[0] ?? ''}`)
      .join('');
    assert.match(e.children.map((c) => `<${c.tag}>`).join(''), new RegExp(`^${pattern}$`), e.tag);
  } else {
    assert.equal(e.children.length, 0, e.tag);
    assert.match(e.text, PATTERNS[e.tag] ?? /./, e.tag);
  }
  e.children.forEach(check);
}

const child = (e: Element, tag: string): string => e.children.find((c) => c.tag === tag)?.text ?? '';
const all = (e: Element, tag: string): Element[] => [
  ...(e.tag === tag ? [e] : []),
  ...e.children.flatMap((c) => all(c, tag)),
];

describe('e1000.svd', () => {
  const device = parse(e1000Svd(0xfeb80000));

  it('follows the schema', () => {
    check(device);
    for (const e of [...all(device, 'peripheral'), ...all(device, 'field')]) {
      assert.match(child(e, 'name'), /^[_A-Za-z]\w*$/);
    }
    for (const r of all(device, 'register')) {
      assert.match(child(r, 'name'), /^[_A-Za-z]\w*(\[%s\])?$/);
      assert.equal(/\[%s\]$/.test(child(r, 'name')), child(r, 'dim') !== '');
    }
  });

  it('has every register, at its place, with fields that fit and do not overlap', () => {
    const registers = all(device, 'register');
    assert.deepEqual(
      registers.map((r) => [child(r, 'name').replace('[%s]', ''), Number(child(r, 'addressOffset'))]),
      [...new Set(E1000_REGISTERS.map((r) => r.group))].flatMap((g) =>
        E1000_REGISTERS.filter((r) => r.group === g).map((r) => [r.name, r.offset]),
      ),
    );
    for (const r of registers) {
      let used = 0n;
      for (const f of all(r, 'field')) {
        const mask = ((1n << BigInt(child(f, 'bitWidth'))) - 1n) << BigInt(child(f, 'bitOffset'));
        assert.equal(used & mask, 0n, `${child(r, 'name')}.${child(f, 'name')}`);
        used |= mask;
      }
      assert.ok(used < 1n << 32n, child(r, 'name'));
      assert.equal(new Set(all(r, 'field').map((f) => child(f, 'name'))).size, all(r, 'field').length);
    }
    assert.equal(child(all(device, 'peripheral')[0]!, 'baseAddress'), '0xfeb80000');
  });
});
