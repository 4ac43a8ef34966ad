/** `ptype` and `whatis`: types from the debug info, those of registers from the register table. */

import { CommandError } from '../commands/command.ts';
import type { FunctionInfo, StructInfo } from '../compiler/debug-info.ts';
import { structName, typeName } from '../inspect/evaluator.ts';
import { plainType } from '../inspect/expression/types.ts';
import { registerDefinition, registerNamed, registerTypeName } from '../inspect/registers.ts';
import type { RegisterInfo } from '../stack/hw/net/e1000_regs.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** `number (NetClientState, Uint8Array)`. */
export function signature(f: FunctionInfo): string {
  return `${plainType(f.returnType) || 'void'} (${f.params.map((p) => p.type || p.name).join(', ') || 'void'})`;
}

/** `number e1000_receive(nc: NetClientState, buf: Uint8Array)`, as `info functions` lists it. */
export function declaration(f: FunctionInfo): string {
  const params = f.params.map((p) => (p.type === '' ? p.name : `${p.name}: ${p.type}`)).join(', ');
  return `${plainType(f.returnType) || 'void'} ${f.name}(${params});`;
}

/** The struct that a type annotation names. */
function structOf(gdb: GdbInterpreter, type: string): StructInfo | undefined {
  return gdb.evaluator.types.struct(
    plainType(type)
      .replace(/^(?:struct|class|enum|union)\s+/, '')
      .replace(/\s*\*+$/, ''),
  );
}

function structText(s: StructInfo): string {
  const base = s.extends === '' || s.fields.length === 0 ? '' : ` : ${s.extends}`;
  if (s.fields.length === 0 && s.extends !== '') {
    return s.extends;
  }
  const fields = s.fields.map((f) => `    ${f.type || 'unknown'} ${f.name};${comment(f.doc)}\n`).join('');
  return `${structName(s.name)}${base} {\n${fields}}`;
}

function comment(doc: string): string {
  const line = doc.split('\n')[0] ?? '';
  return line === '' ? '' : `  /* ${line} */`;
}

/** A type by name, if the text is one. */
function namedType(
  gdb: GdbInterpreter,
  text: string,
): { readonly struct: StructInfo; readonly pointer: boolean } | undefined {
  const m = /^(?:struct\s+)?([A-Za-z_]\w*)\s*(\*?)$/.exec(text.trim());
  const struct = m ? gdb.evaluator.types.struct(m[1]!) : undefined;
  return struct && { struct, pointer: m![2] === '*' };
}

/** The register that the text is. An array has no value, so its name may be taken by a convenience variable. */
function register(gdb: GdbInterpreter, text: string): RegisterInfo | undefined {
  const r = registerNamed(text);
  const taken = r && r.count > 1 && gdb.evaluator.variableEntries().some(([name]) => name === r.name);
  return taken ? undefined : r;
}

export async function ptype(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() === '') {
    throw new CommandError('The history is empty.');
  }
  const reg = register(gdb, args);
  if (reg) {
    gdb.out(`type = ${registerDefinition(reg)}\n`);
    return;
  }
  const named = isVariable(gdb, args) ? undefined : namedType(gdb, args);
  if (named) {
    gdb.out(`type = ${structText(named.struct)}${named.pointer ? ' *' : ''}\n`);
    return;
  }
  if (/^struct\s+\w+$/.test(args.trim())) {
    throw new CommandError(`No struct type named ${args.trim().replace(/^struct\s+/, '')}.`);
  }
  const f = gdb.engine.info.functions.find((x) => x.name === args.trim());
  if (f && !isVariable(gdb, args)) {
    gdb.out(`type = ${signature(f)}\n`);
    return;
  }
  const { value, code } = await gdb.evaluator.evaluate(args, gdb.expressionFrame());
  const struct = value.kind === 'struct' ? structOf(gdb, value.type) : undefined;
  gdb.out(`type = ${struct ? `${structText(struct)}${code?.contents ? '' : ' *'}` : typeName(value, code)}\n`);
}

/** True if the text names a local: it then means the variable, also where a type has the same name (`socket`). */
function isVariable(gdb: GdbInterpreter, text: string): boolean {
  return gdb.engine.scope(gdb.expressionFrame()).local(text.trim()) !== undefined;
}

export async function whatis(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() === '') {
    throw new CommandError('The history is empty.');
  }
  const named = isVariable(gdb, args) ? undefined : namedType(gdb, args);
  const f = gdb.engine.info.functions.find((x) => x.name === args.trim());
  const reg = register(gdb, args);
  if (reg) {
    gdb.out(`type = ${registerTypeName(reg)}\n`);
  } else if (named) {
    gdb.out(`type = ${structName(named.struct.name)}${named.pointer ? ' *' : ''}\n`);
  } else if (f && !isVariable(gdb, args)) {
    gdb.out(`type = ${signature(f)}\n`);
  } else {
    const { value, code } = await gdb.evaluator.evaluate(args, gdb.expressionFrame());
    gdb.out(`type = ${typeName(value, code)}\n`);
  }
}
