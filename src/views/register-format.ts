/** How registers and their fields are written. */
import type { FieldDescription, RegisterDescription } from '../../adapter/dap/custom.ts';

export type NumberFormat = 'hex' | 'dec' | 'bin';

export const NUMBER_FORMATS: readonly NumberFormat[] = ['hex', 'dec', 'bin'];

/** The format after this one, for a button that goes through them. */
export function nextFormat(format: NumberFormat): NumberFormat {
  return NUMBER_FORMATS[(NUMBER_FORMATS.indexOf(format) + 1) % NUMBER_FORMATS.length]!;
}

/** A value of `width` bits: `0x0000002a`, `42`, `0b0010_1010`. A single bit is 0 or 1 in each. */
export function formatRegister(value: number, width: number, format: NumberFormat): string {
  if (format === 'dec' || width === 1) {
    return String(value);
  }
  if (format === 'hex') {
    return `0x${value.toString(16).padStart(Math.ceil(width / 4), '0')}`;
  }
  const bits = value.toString(2).padStart(width, '0');
  return `0b${bits.replace(/\B(?=(\d{4})+$)/g, '_')}`;
}

/** The bits of a field. */
export function fieldValue(value: number, { lsb, width }: Pick<FieldDescription, 'lsb' | 'width'>): number {
  return Math.floor(value / 2 ** lsb) % 2 ** width;
}

/** `0x2 (1000 Mb/s)`. */
export function formatField(value: number, field: FieldDescription, format: NumberFormat): string {
  const bits = fieldValue(value, field);
  const meaning = field.values?.[bits];
  return formatRegister(bits, field.width, format) + (meaning === undefined ? '' : ` (${meaning})`);
}

/** `7:4` or `31`. */
export function bitRange({ lsb, width }: Pick<FieldDescription, 'lsb' | 'width'>): string {
  return width === 1 ? String(lsb) : `${lsb + width - 1}:${lsb}`;
}

/** Names of the fields that are not 0: what a register says at a glance, such as `EN|UPE BSIZE=2`. */
export function fieldSummary(value: number, fields: readonly FieldDescription[]): string {
  if (fields.length === 1 && fields[0]?.lsb === 0) {
    return ''; // it says the same as the register
  }
  const set = fields.filter((field) => fieldValue(value, field) !== 0);
  const flags = set.filter(({ width }) => width === 1).map(({ name }) => name);
  const numbers = set
    .filter(({ width }) => width > 1)
    .map((field) => `${field.name}=${formatRegister(fieldValue(value, field), field.width, 'hex')}`);
  return [flags.join('|'), ...numbers].filter(Boolean).join(' ');
}

const ACCESS = {
  ro: 'read only',
  rw: 'read/write',
  wo: 'write only',
  rc: 'read only, cleared by a read of the guest',
  none: 'not kept, reads as 0',
} as const;

/** What is known of a register, as Markdown: description, place, and a table of its fields. */
export function registerMarkdown(info: RegisterDescription, value: number, element = 0): string {
  const offset = info.offset + element * info.stride;
  const lines = [
    `**${info.name}${info.count > 1 ? `[${element}]` : ''}** ${info.description}`,
    '',
    `Offset 0x${offset.toString(16).padStart(4, '0')}, ${ACCESS[info.access]}, ` +
      `reset value ${formatRegister(info.reset, 32, 'hex')}, section ${info.section} of the 8254x manual`,
    '',
    ...(['hex', 'dec', 'bin'] as const)
      .map((format) => `\`${formatRegister(value, 32, format)}\``)
      .join('  \n')
      .split('\n'),
  ];
  if (info.fields.length > 0) {
    lines.push('', '| bits | field | value | |', '|---:|---|---|---|');
    for (const field of info.fields) {
      lines.push(
        `| ${bitRange(field)} | ${escapeMarkdown(field.name)} ` +
          `| ${escapeMarkdown(formatField(value, field, 'hex'))} | ${escapeMarkdown(field.description)} |`,
      );
    }
  }
  return lines.join('\n');
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]<>()#+!|]/g, '\\$&');
}
