/** How registers and their fields are written. */
import type { FieldDescription, RegisterDescription } from '../../adapter/dap/custom.ts';
import { ACCESS, bitRange, fieldValue, setFields } from '../../adapter/inspect/register-notation.ts';
import { hex } from '../../adapter/packets/format.ts';

export type NumberFormat = 'hex' | 'dec' | 'bin';

export const NUMBER_FORMATS: readonly NumberFormat[] = ['hex', 'dec', 'bin'];

/** The format after this one, for a button that goes through them. */
export function nextFormat(format: NumberFormat): NumberFormat {
  return NUMBER_FORMATS[NUMBER_FORMATS.indexOf(format) + 1] ?? 'hex';
}

/** A value of `width` bits: `0x0000002a`, `42`, `0b0010_1010`. A single bit is 0 or 1 in each. */
export function formatRegister(value: number, width: number, format: NumberFormat): string {
  if (format === 'dec' || width === 1) {
    return String(value);
  }
  if (format === 'hex') {
    return hex(value, Math.ceil(width / 4));
  }
  const bits = value.toString(2).padStart(width, '0');
  return `0b${bits.replace(/\B(?=(\d{4})+$)/g, '_')}`;
}

/** `0x2 (1000 Mb/s)`. */
export function formatField(value: number, field: FieldDescription, format: NumberFormat): string {
  const { bits, meaning } = fieldValue(value, field);
  return formatRegister(bits, field.width, format) + (meaning === undefined ? '' : ` (${meaning})`);
}

/** Names of the fields that are not 0: what a register says at a glance, such as `EN|UPE BSIZE=2`. */
export function fieldSummary(value: number, fields: readonly FieldDescription[], format: NumberFormat): string {
  if (fields.length === 1 && fields[0]?.lsb === 0) {
    return ''; // it says the same as the register
  }
  const set = setFields(value, fields);
  const flags = set.filter(({ field }) => field.width === 1).map(({ field }) => field.name);
  const numbers = set
    .filter(({ field }) => field.width > 1)
    .map(({ field, bits }) => `${field.name}=${formatRegister(bits, field.width, format)}`);
  return [flags.join('|'), ...numbers].filter(Boolean).join(' ');
}

/** What is known of a field, with its value in all notations. */
export function fieldMarkdown(field: FieldDescription, value: number): string {
  const texts = NUMBER_FORMATS.map((format) => `\`${formatRegister(value, field.width, format)}\``);
  const meaning = field.values?.[String(value)] ?? '';
  const lines = [
    `**${field.name}** ${escapeMarkdown(field.description)}`,
    '',
    `bits ${bitRange(field)}: ${[...new Set(texts)].join(', ')} ${escapeMarkdown(meaning)}`.trimEnd(),
  ];
  return lines.join('\n');
}

/** What is known of a register, as Markdown: description, place, and a table of its fields. */
export function registerMarkdown(info: RegisterDescription, value: number, element = 0): string {
  const { access, effect } = ACCESS[info.access];
  const facts = [
    `Offset ${hex(info.offset + element * info.stride, 4)}`,
    access,
    ...(effect === undefined ? [] : [`${effect} of the guest`]),
    `reset value ${formatRegister(info.reset, 32, 'hex')}`,
    `section ${info.section} of the 8254x manual`,
  ];
  const lines = [
    `**${info.name}${info.count > 1 ? `[${element}]` : ''}** ${info.description}`,
    '',
    facts.join(', '),
    '',
    ...(['hex', 'dec', 'bin'] as const)
      .map((format) => `\`${formatRegister(value, 32, format)}\``)
      .join('  \n')
      .split('\n'),
  ];
  if (info.fields.length > 0) {
    lines.push('', '| bits | field | value | |', '|---:|---|---|---|');
    for (const field of info.fields) {
      const cells = [field.name, formatField(value, field, 'hex'), field.description].map(escapeMarkdown);
      lines.push(`| ${[bitRange(field), ...cells].join(' | ')} |`);
    }
  }
  return lines.join('\n');
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]<>()#+!|]/g, '\\$&');
}
