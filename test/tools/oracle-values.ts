/** Values of both sides in the same words, so that they can be compared. */
import { FIELDS } from '../../adapter/packets/fields.ts';

/** What tshark escapes in texts. */
const ESCAPED: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '\\': '\\' };

/** Values of ours in tshark's words. */
export function ourValues(values: readonly (string | number | boolean)[] | undefined): string {
  return (values ?? []).map((v) => (typeof v === 'boolean' ? String(Number(v)) : String(v))).join('|');
}

/** Values of tshark's: numbers in decimal, bytes without colons, and presence as 1. */
export function theirValues(name: string, values: readonly string[] | undefined): string {
  return (values ?? []).map((v) => theirValue(name, v)).join('|');
}

function theirValue(name: string, text: string): string {
  const type = FIELDS[name]?.type;
  if (type === 'protocol' || type === 'none') {
    return '1';
  }
  if (/^0x[0-9a-f]+$/.test(text) && type !== 'string') {
    return String(Number(text));
  }
  if (name === '_ws.expert.message') {
    // It has what the tree shows, which is escaped once.
    return text;
  }
  if (type === 'string') {
    return text.replace(/\\([rnt\\])/g, (_, c: string) => ESCAPED[c] ?? c);
  }
  return type === 'bytes' ? text.replaceAll(':', '') : text;
}
