/**
 * The NIC's registers as a CMSIS-SVD file, for the peripheral viewers of embedded debugging: they show `e1000.svd` with what `readMemory`
 * gives. Made from the register table; one peripheral a group of registers, all at the same base.
 */
import type { RegisterField } from '../stack/hw/net/e1000_fields.ts';
import { E1000_MMIO_SIZE, E1000_REGISTERS, type RegisterInfo } from '../stack/hw/net/e1000_regs.ts';

/** Where the firmware puts BAR 0 of the first NIC. */
export const SVD_BASE = 0xfebc0000;

type Xml = readonly [tag: string, content: string | readonly Xml[], attributes?: string];

const hex = (v: number): string => `0x${(v >>> 0).toString(16).padStart(8, '0')}`;

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);
}

function write([tag, content, attributes = '']: Xml, indent: string): string {
  const open = `${indent}<${tag}${attributes}>`;
  return typeof content === 'string'
    ? `${open}${escapeText(content)}</${tag}>\n`
    : `${open}\n${content.map((c) => write(c, `${indent}  `)).join('')}${indent}</${tag}>\n`;
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
  return r.name === 'ICR' ? [['modifiedWriteValues', 'oneToClear'], ...clears] : clears;
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
      ...(values.length > 0 ? [['enumeratedValues', values] as Xml] : []),
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
      ['addressOffset', hex(r.offset)],
      ['size', String(r.width)],
      ...access(r),
      ['resetValue', hex(r.reset)],
      ...effects(r),
      ...(r.fields.length > 0 ? [['fields', r.fields.map(field)] as Xml] : []),
    ],
  ];
}

/** The SVD file of an e1000 whose registers are at `base`. */
export function e1000Svd(base: number = SVD_BASE): string {
  const groups = [...new Set(E1000_REGISTERS.map((r) => r.group))];
  const peripherals = groups.map((group, i): Xml => {
    const registers = E1000_REGISTERS.filter((r) => r.group === group);
    const name = (g: string): string => `E1000_${identifier(g)}`;
    return [
      'peripheral',
      [
        ['name', name(group)],
        ['description', `${group} registers`],
        ...(i > 0 ? [['alternatePeripheral', name(groups[0]!)] as Xml] : []),
        ['groupName', 'E1000'],
        ['baseAddress', hex(base)],
        [
          'addressBlock',
          [
            ['offset', '0x0'],
            ['size', hex(E1000_MMIO_SIZE)],
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
    ' schemaVersion="1.3" xmlns:xs="http://www.w3.org/2001/XMLSchema-instance" xs:noNamespaceSchemaLocation="CMSIS-SVD.xsd"',
  ];
  return `<?xml version="1.0" encoding="utf-8"?>\n${write(device, '')}`;
}
