/** `-netdev help` and `-netdev user,help`: what networks there are, and their parameters. */
import { MACHINE_OPTIONS } from './machine-options.ts';

const WIDTH = 100;
const INDENT = 20;

/** A name, and what it means in lines that fit a terminal. */
function entry(name: string, text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > WIDTH - INDENT) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  lines.push(line);
  return `  ${name.padEnd(INDENT - 3)} ${lines.join(`\n${' '.repeat(INDENT)}`)}\n`;
}

/** The text that a command line asks for with `help` as the value of a network option, or null if it does not. */
export function netdevHelp(argv: readonly string[]): string | null {
  const { kinds } = MACHINE_OPTIONS.find((o) => o.name === '-netdev')!;
  for (const [i, word] of argv.entries()) {
    const m = /^--?(?:netdev|nic|net)$/.test(word) ? /^(?:([a-z]+),)?(?:help|\?)$/.exec(argv[i + 1] ?? '') : null;
    const kind = m?.[1] === undefined ? undefined : kinds[m[1]];
    if (m && m[1] === undefined) {
      const list = Object.entries(kinds).map(([name, k]) => entry(name, k.description));
      return `Kinds of networks (-netdev KIND,help lists the parameters):\n${list.join('')}`;
    }
    if (kind) {
      const list = kind.parameters.map((p) => entry(p.name, p.description));
      return `-netdev ${m![1]},id=ID[,NAME=VALUE]...: ${kind.description}\n${list.join('')}`;
    }
  }
  return null;
}
