/** Where Wireshark is. Needs nothing of VS Code. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where it is installed by itself. */
const USUAL = [
  '/Applications/Wireshark.app/Contents/MacOS/Wireshark',
  'C:\\Program Files\\Wireshark\\Wireshark.exe',
  'C:\\Program Files (x86)\\Wireshark\\Wireshark.exe',
];

/** Its path; undefined if it is in none of the usual places and not in PATH. */
export function findWireshark(path = process.env['PATH'] ?? '', there = existsSync): string | undefined {
  const names = path.split(delimiter).flatMap((folder) => ['wireshark', 'Wireshark.exe'].map((n) => join(folder, n)));
  return [...names, ...USUAL].find(there);
}
