/** `ptype` and `whatis`: types from the debug info, those of registers from the register table. */

import { CommandError } from '../commands/command.ts';
import type { FunctionInfo, StructInfo } from '../compiler/debug-info.ts';
import { struct_name, type_name } from '../inspect/evaluator.ts';
import { plain_type } from '../inspect/expression/types.ts';
import { register_definition, register_named, register_type_name } from '../inspect/registers.ts';
import type { RegisterInfo } from '../stack/hw/net/e1000_regs.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** `number (NetClientState, Uint8Array)`. */
export function signature(f: FunctionInfo): string {
  return `${plain_type(f.returnType) || 'void'} (${f.params.map((p) => p.type || p.name).join(', ') || 'void'})`;
}

/** `number e1000_receive(nc: NetClientState, buf: Uint8Array)`, as `info functions` lists it. */
export function declaration(f: FunctionInfo): string {
  const params = f.params.map((p) => (p.type === '' ? p.name : `${p.name}: ${p.type}`)).join(', ');
  return `${plain_type(f.returnType) || 'void'} ${f.name}(${params});`;
}

/** The struct that a type annotation names. */
function struct_of(gdb: GdbInterpreter, type: string): StructInfo | undefined {
  return gdb.evaluator.types.struct(
    plain_type(type)
      .replace(/^(?:struct|class|enum|union)\s+/, '')
      .replace(/\s*\*+$/, ''),
  );
}

function struct_text(s: StructInfo): string {
  const base = s.extends === '' || s.fields.length === 0 ? '' : ` : ${s.extends}`;
  if (s.fields.length === 0 && s.extends !== '') {
    return s.extends;
  }
  const fields = s.fields.map((f) => `    ${f.type || 'unknown'} ${f.name};${comment(f.doc)}\n`).join('');
  return `${struct_name(s.name)}${base} {\n${fields}}`;
}

function comment(doc: string): string {
  const line = doc.split('\n')[0] ?? '';
  return line === '' ? '' : `  /* ${line} */`;
}

/** A type by name, if the text is one. */
function named_type(
  gdb: GdbInterpreter,
  text: string,
): { readonly struct: StructInfo; readonly pointer: boolean } | undefined {
  const m = /^(?:struct\s+)?([A-Za-z_]\w*)\s*(\*?)$/.exec(text.trim());
  const struct = m ? gdb.evaluator.types.struct(m[1]!) : undefined;
  return struct && { struct, pointer: m![2] === '*' };
}

/** The register that the text is. An array has no value, so its name may be taken by a convenience variable. */
function register(gdb: GdbInterpreter, text: string): RegisterInfo | undefined {
  const r = register_named(text);
  const taken = r && r.count > 1 && gdb.evaluator.variable_entries().some(([name]) => name === r.name);
  return taken ? undefined : r;
}

export async function ptype(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() === '') {
    throw new CommandError('The history is empty.');
  }
  const reg = register(gdb, args);
  if (reg) {
    gdb.out(`type = ${register_definition(reg)}\n`);
    return;
  }
  const named = is_variable(gdb, args) ? undefined : named_type(gdb, args);
  if (named) {
    gdb.out(`type = ${struct_text(named.struct)}${named.pointer ? ' *' : ''}\n`);
    return;
  }
  if (/^struct\s+\w+$/.test(args.trim())) {
    throw new CommandError(`No struct type named ${args.trim().replace(/^struct\s+/, '')}.`);
  }
  const f = gdb.engine.info.functions.find((x) => x.name === args.trim());
  if (f && !is_variable(gdb, args)) {
    gdb.out(`type = ${signature(f)}\n`);
    return;
  }
  const { value, code } = await gdb.evaluator.evaluate(args, gdb.expression_frame());
  const struct = value.kind === 'struct' ? struct_of(gdb, value.type) : undefined;
  gdb.out(`type = ${struct ? `${struct_text(struct)}${code?.contents ? '' : ' *'}` : type_name(value, code)}\n`);
}

/** True if the text names a local: it then means the variable, also where a type has the same name (`socket`). */
function is_variable(gdb: GdbInterpreter, text: string): boolean {
  return gdb.engine.scope(gdb.expression_frame()).local(text.trim()) !== undefined;
}

export async function whatis(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() === '') {
    throw new CommandError('The history is empty.');
  }
  const named = is_variable(gdb, args) ? undefined : named_type(gdb, args);
  const f = gdb.engine.info.functions.find((x) => x.name === args.trim());
  const reg = register(gdb, args);
  if (reg) {
    gdb.out(`type = ${register_type_name(reg)}\n`);
  } else if (named) {
    gdb.out(`type = ${struct_name(named.struct.name)}${named.pointer ? ' *' : ''}\n`);
  } else if (f && !is_variable(gdb, args)) {
    gdb.out(`type = ${signature(f)}\n`);
  } else {
    const { value, code } = await gdb.evaluator.evaluate(args, gdb.expression_frame());
    gdb.out(`type = ${type_name(value, code)}\n`);
  }
}
