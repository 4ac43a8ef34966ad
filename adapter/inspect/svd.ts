/**
 * The NIC's registers as a CMSIS-SVD file, for the peripheral viewers of embedded debugging: they show `e1000.svd` with
 * what `readMemory` gives. Made from the register table; one peripheral a group of registers, all at the same base.
 */
import { NIC_BAR0 } from '../engine/guest-memory.ts';
import { hex } from '../packets/format.ts';
import { E1000_MMIO_SIZE } from '../stack/hw/net/e1000_regs.ts';
import { REGISTERS_BY_GROUP, type RegisterField, type RegisterInfo } from './registers.ts';

type Xml = readonly [tag: string, content: string | readonly Xml[], attributes?: string];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ENTITIES[c] ?? c);
}

function write([tag, content, attributes = '']: Xml, indent: string): string {
  const open = `${indent}<${tag}${attributes}>`;
  return typeof content === 'string'
    ? `${open}${escapeText(content)}</${tag}>\n`
    : `${open}\n${content.map((c) => write(c, `${indent}  `)).join('')}${indent}</${tag}>\n`;
}

/** An element that is left out where it would have no children. */
function list(tag: string, children: readonly Xml[]): Xml[] {
  return children.length > 0 ? [[tag, children]] : [];
}

/** A name as the schema's `identifierType` wants it. */
function identifier(name: string): string {
  return name.replace(/\W/g, '_').replace(/^(?=\d)/, '_');
}

/** Access, and what reads and writes do besides. */
function access(r: RegisterInfo): Xml[] {
  if (r.name === 'ICR') {
    return [['access', 'read-write']];
  }
  return [
    ['access', { ro: 'read-only', rc: 'read-only', rw: 'read-write', wo: 'write-only', none: 'read-only' }[r.access]],
  ];
}

function effects(r: RegisterInfo): Xml[] {
  const clears: Xml[] = r.access === 'rc' ? [['readAction', 'clear']] : [];
  // A debugger's write is raw, also to those that the guest clears by writing ones.
  return clears;
}

function field(f: RegisterField): Xml {
  const values = Object.entries(f.values ?? {}).map(
    ([value, meaning]): Xml => [
      'enumeratedValue',
      [
        ['name', `v${value}`],
        ['description', meaning],
        ['value', value],
      ],
    ],
  );
  return [
    'field',
    [
      ['name', identifier(f.name)],
      ['description', f.description],
      ['bitOffset', String(f.lsb)],
      ['bitWidth', String(f.width)],
      ...list('enumeratedValues', values),
    ],
  ];
}

function register(r: RegisterInfo): Xml {
  const array: Xml[] =
    r.count > 1
      ? [
          ['dim', String(r.count)],
          ['dimIncrement', String(r.stride)],
        ]
      : [];
  return [
    'register',
    [
      ...array,
      ['name', identifier(r.name) + (r.count > 1 ? '[%s]' : '')],
      ['description', r.section === '' ? r.description : `${r.description} (8254x manual, ${r.section})`],
      ['addressOffset', hex(r.offset, 8)],
      ['size', String(r.width)],
      ...access(r),
      ['resetValue', hex(r.reset, 8)],
      ...effects(r),
      ...list('fields', r.fields.map(field)),
    ],
  ];
}

/** The SVD file of an e1000 whose registers are at `base`. */
export function e1000Svd(base: number = NIC_BAR0): string {
  const peripheral = (group: string): string => `E1000_${identifier(group)}`;
  const [first] = REGISTERS_BY_GROUP;
  const peripherals = REGISTERS_BY_GROUP.map((group): Xml => {
    const { name, registers } = group;
    const alternative: Xml[] = first && group !== first ? [['alternatePeripheral', peripheral(first.name)]] : [];
    return [
      'peripheral',
      [
        ['name', peripheral(name)],
        ['description', `${name} registers`],
        ...alternative,
        ['groupName', 'E1000'],
        ['baseAddress', hex(base, 8)],
        [
          'addressBlock',
          [
            ['offset', '0x0'],
            ['size', hex(E1000_MMIO_SIZE, 8)],
            ['usage', 'registers'],
          ],
        ],
        ['registers', registers.map(register)],
      ],
    ];
  });
  const device: Xml = [
    'device',
    [
      ['vendor', 'Intel'],
      ['name', 'E1000_82540EM'],
      ['version', '1.0'],
      ['description', 'Intel 82540EM Gigabit Ethernet controller as QEMU models it'],
      ['addressUnitBits', '8'],
      ['width', '32'],
      ['size', '32'],
      ['access', 'read-write'],
      ['resetValue', '0x00000000'],
      ['resetMask', '0xFFFFFFFF'],
      ['peripherals', peripherals],
    ],
    ' schemaVersion="1.3" xmlns:xs="http://www.w3.org/2001/XMLSchema-instance"' +
      ' xs:noNamespaceSchemaLocation="CMSIS-SVD.xsd"',
  ];
  return `<?xml version="1.0" encoding="utf-8"?>\n${write(device, '')}`;
}
