/** `ptype` and `whatis`: types as `inspect/type-text.ts` knows them. */

import { CommandError } from '../commands/command.ts';
import {
  namedType,
  registerDefinition,
  registerTypeName,
  signature,
  structDefinition,
  structLayout,
  structName,
  type TypeSubject,
  typeName,
  typeSubject,
} from '../inspect/type-text.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** `ptype`: the definition; with `/o` where its fields would lie, with `/x` in hexadecimal. */
export async function ptype(gdb: GdbInterpreter, args: string): Promise<void> {
  const [all = '', flags = ''] = /^\/(\w+)\s*/.exec(args) ?? [];
  const unknownFlag = /[^oxdmtr]/.exec(flags);
  if (unknownFlag) {
    throw new CommandError(`unrecognized flag '${unknownFlag[0]}'`);
  }
  const of = await subject(gdb, args.slice(all.length));
  const struct = of.kind === 'struct' || of.kind === 'value' ? of.struct : undefined;
  if (flags.includes('o') && struct && struct.fields.length > 0) {
    const layout = structLayout(gdb.evaluator.types, struct, flags.includes('x') ? 16 : 10);
    gdb.out(`/* offset      |    size */  type = ${layout}\n`);
    return;
  }
  gdb.out(`type = ${definition(of)}\n`);
}

/** `whatis`: the name alone. */
export async function whatis(gdb: GdbInterpreter, args: string): Promise<void> {
  gdb.out(`type = ${name(await subject(gdb, args))}\n`);
}

function subject(gdb: GdbInterpreter, args: string): Promise<TypeSubject> {
  if (args.trim() === '') {
    if (gdb.evaluator.historyLength() === 0) {
      throw new CommandError('The history is empty.');
    }
    return subject(gdb, '$');
  }
  const [, unknown] = /^struct\s+(\w+)$/.exec(args.trim()) ?? [];
  if (unknown !== undefined && !namedType(gdb.evaluator, args, gdb.expressionFrame())) {
    throw new CommandError(`No struct type named ${unknown}.`);
  }
  return typeSubject(gdb.evaluator, args, gdb.expressionFrame());
}

function definition(of: TypeSubject): string {
  switch (of.kind) {
    case 'register':
      return registerDefinition(of.register);
    case 'struct':
      return `${structDefinition(of.struct)}${of.pointer ? ' *' : ''}`;
    case 'value':
      return of.struct ? `${structDefinition(of.struct)}${of.result.code?.contents ? '' : ' *'}` : name(of);
    case 'scalar':
    case 'function':
      return name(of);
  }
}

function name(of: TypeSubject): string {
  switch (of.kind) {
    case 'register':
      return registerTypeName(of.register);
    case 'struct':
      return `${structName(of.struct.name)}${of.pointer ? ' *' : ''}`;
    case 'scalar':
      return of.name;
    case 'function':
      return signature(of.fn);
    case 'value':
      return typeName(of.result.value, of.result.code);
  }
}
