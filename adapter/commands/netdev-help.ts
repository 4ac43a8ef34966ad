/** `-netdev help` and `-netdev user,help`: what networks there are, and their parameters. */
import { findOption, type MachineOption, type OptionKind } from './machine-options.ts';

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

function listOfKinds(kinds: MachineOption['kinds']): string {
  const list = Object.entries(kinds).map(([name, k]) => entry(name, k.description));
  return `Kinds of networks (-netdev KIND,help lists the parameters):\n${list.join('')}`;
}

function listOfParameters(name: string, kind: OptionKind): string {
  const list = kind.parameters.map((p) => entry(p.name, p.description));
  return `-netdev ${name},id=ID[,NAME=VALUE]...: ${kind.description}\n${list.join('')}`;
}

/** The text that a command line asks for with `help` as the value of a network option, or null if it does not. */
export function netdevHelp(argv: readonly string[]): string | null {
  const kinds = findOption('-netdev')?.kinds ?? {};
  for (const [i, value] of argv.entries()) {
    const isNetwork = /^--?(?:netdev|nic|net)$/.test(argv[i - 1] ?? '');
    const m = isNetwork ? /^(?:([a-z]+),)?(?:help|\?)$/.exec(value) : null;
    const name = m?.[1];
    const kind = name === undefined ? undefined : kinds[name];
    if (m && name === undefined) {
      return listOfKinds(kinds);
    }
    if (name !== undefined && kind) {
      return listOfParameters(name, kind);
    }
  }
  return null;
}
