/** What is known of names, as Markdown for hovers and completions. */

import type { Command } from '../commands/command.ts';
import { documentation } from '../commands/help.ts';
import { DEBUGGER_VARIABLES } from '../commands/variables.ts';
import type { FunctionInfo, GlobalInfo, StructInfo } from '../compiler/debug-info.ts';
import { FUNCTIONS } from '../inspect/expression/functions.ts';
import { ACCESS, bitRange } from '../inspect/register-notation.ts';
import type { RegisterInfo } from '../inspect/registers.ts';
import { constantText, declaration, fieldMeanings } from '../inspect/type-text.ts';
import { FIELDS, type Field } from '../packets/fields.ts';
import { hex } from '../packets/format.ts';

/** A packet field by Wireshark's name. */
export function findField(name: string): Field | undefined {
  return FIELDS[name];
}

function code(text: string, language = 'typescript'): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function place(x: { readonly file: string; readonly line: number }): string {
  return `*${x.file}:${x.line}*`;
}

/** Parts with blank lines between them; empty ones are left out. */
function paragraphs(...parts: readonly string[]): string {
  return parts.filter((p) => p !== '').join('\n\n');
}

export function functionText(f: FunctionInfo): string {
  const remark = f.nodebug ? 'Compiled without debug info: breakpoints go into its callers.' : '';
  return paragraphs(code(declaration(f)), f.doc, remark, place(f));
}

/** Fields of a struct that a hover lists. */
const MAX_FIELDS = 40;

export function structText(s: StructInfo): string {
  const shown = s.fields.slice(0, MAX_FIELDS).map((f) => `  ${f.name}: ${f.type || 'unknown'};`);
  const more = s.fields.length > MAX_FIELDS ? [`  // ${s.fields.length - MAX_FIELDS} more`] : [];
  return paragraphs(code([`${s.kind} ${s.name} {`, ...shown, ...more, '}'].join('\n')), s.doc, place(s));
}

export function globalText(g: GlobalInfo): string {
  const value = g.value === undefined ? '' : ` = ${constantText(g.value)}`;
  return paragraphs(code(`const ${g.name}: ${g.type || 'unknown'}${value}`), g.doc, place(g));
}

/** A register with its bits. */
export function registerText(r: RegisterInfo): string {
  const { access, effect } = ACCESS[r.access];
  const facts = [
    `offset ${hex(r.offset, 5)}`,
    ...(r.count > 1 ? [`${r.count} of them`] : []),
    `${r.width} bits`,
    effect ?? access,
    `${hex(r.reset, r.width / 4)} after reset; manual ${r.section}`,
  ].join(', ');
  const rows = r.fields.map((f) => {
    const about = [f.description, fieldMeanings(f)].filter((t) => t !== '').join(': ');
    return `| ${bitRange(f)} | ${f.name} | ${about} |`;
  });
  const table = rows.length > 0 ? ['| bits | field | |', '|---|---|---|', ...rows].join('\n') : '';
  return paragraphs(`**$${r.name}** ${r.description}`, facts, table);
}

export function fieldText(f: Field): string {
  return paragraphs(`**$pkt.${f.name}** ${f.description}`, `Wireshark's field \`${f.name}\`, ${f.type}`);
}

/** A protocol or group of fields, such as `tcp.flags`; empty if there is none. */
export function fieldGroupText(prefix: string): string {
  const names = Object.keys(FIELDS).filter((n) => n.startsWith(`${prefix}.`));
  return names.length > 0 ? paragraphs(`**$pkt.${prefix}**`, names.map((n) => `\`${n}\``).join(', ')) : '';
}

/** One of gdb's `$_` functions; empty for an unknown name. */
export function convenienceText(name: string): string {
  const f = FUNCTIONS.get(name);
  return f ? paragraphs(code(f.usage, 'c'), f.doc) : '';
}

export function variableText(name: string): string {
  const text = Object.hasOwn(DEBUGGER_VARIABLES, name) ? DEBUGGER_VARIABLES[name] : undefined;
  return text === undefined ? '' : paragraphs(`**$${name}**`, text);
}

/** A command's help: names, summary, usage. */
export function commandText(c: Command, path: string): string {
  const names = [path, ...(c.aliases ?? [])].join(', ');
  const [summary = '', ...rest] = documentation(c).split('\n');
  const details = rest.length > 0 ? code(rest.join('\n'), 'text') : '';
  const subs = c.subcommands ? `Subcommands: ${c.subcommands.map((s) => `\`${s.name}\``).join(', ')}` : '';
  return paragraphs(`**${names}**`, summary, details, subs);
}
