/** `ptype` and `whatis`: types as `inspect/type-text.ts` knows them. */

import { CommandError } from '../commands/command.ts';
import {
  namedType,
  registerDefinition,
  registerTypeName,
  signature,
  structDefinition,
  structName,
  type TypeSubject,
  typeName,
  typeSubject,
} from '../inspect/type-text.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** `ptype`: the definition. */
export async function ptype(gdb: GdbInterpreter, args: string): Promise<void> {
  const [, unknown] = /^struct\s+(\w+)$/.exec(args.trim()) ?? [];
  if (unknown !== undefined && !namedType(gdb.evaluator, args, gdb.expressionFrame())) {
    throw new CommandError(`No struct type named ${unknown}.`);
  }
  gdb.out(`type = ${definition(await subject(gdb, args))}\n`);
}

/** `whatis`: the name alone. */
export async function whatis(gdb: GdbInterpreter, args: string): Promise<void> {
  gdb.out(`type = ${name(await subject(gdb, args))}\n`);
}

function subject(gdb: GdbInterpreter, args: string): Promise<TypeSubject> {
  if (args.trim() === '') {
    throw new CommandError('The history is empty.');
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
    case 'function':
      return signature(of.fn);
    case 'value':
      return typeName(of.result.value, of.result.code);
  }
}
