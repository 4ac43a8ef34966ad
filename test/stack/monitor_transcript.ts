/** The recorded monitor session of QEMU 7.2, and the machine it was with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const MACHINE = [
  '-netdev',
  'user,id=a',
  '-device',
  'e1000,netdev=a,id=e',
  '-netdev',
  'user,id=b,net=10.0.3.0/24',
  '-netdev',
  'hubport,id=h,hubid=0',
];

export interface Exchange {
  readonly line: string;
  readonly qemu: string;
  readonly ours: string;
}

/** Numbers of descriptors are FD. */
export const masked = (text: string): string => text.replace(/^( {2}\S+\[.{4,16}\] *) [ \d]{2}\d(?= )/gm, '$1  FD');

/** Commands with QEMU's answers, and ours (lines with `=`) where they differ. */
export function transcript(): Exchange[] {
  const text = readFileSync(join(import.meta.dirname, '../vectors/monitor.txt'), 'utf8');
  return text
    .split(/^> /m)
    .slice(1)
    .map((part) => {
      const [line = '', ...rest] = part.trimEnd().split('\n');
      const joinLines = (lines: string[]): string => lines.map((l) => `${l}\n`).join('');
      const qemu = joinLines(rest.filter((l) => !l.startsWith('= ')));
      const own = rest.filter((l) => l.startsWith('= ')).map((l) => l.slice(2));
      return { line, qemu, ours: own.length > 0 ? joinLines(own.filter((l) => l !== '')) : qemu };
    });
}
