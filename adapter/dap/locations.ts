/** Where things that rows show are in the source: `locations` resolves the references that rows carry. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { DebugInfo, SourceLocation } from '../compiler/debug-info.ts';
import type { Value } from '../engine/api.ts';
import { RequestError } from './arguments.ts';
import type { Family } from './request.ts';
import { toSource } from './sources.ts';

export const locationRequests: Family = {
  locations: {
    handle: (session, args): DebugProtocol.LocationsResponse['body'] => {
      const reference = args.number('locationReference');
      const place = session.stopped.place(reference);
      if (place === undefined) {
        throw new RequestError(`There is no location ${reference}: the machine has run since, or it never was.`);
      }
      const { client, engine } = session;
      return {
        source: toSource(engine, client, place.file),
        line: client.lineToClient(place.line),
        column: client.columnToClient(place.column),
      };
    },
  },
};

/** Places by name, made once for a program. */
interface Places {
  readonly functions: ReadonlyMap<string, SourceLocation>;
  /** Fields, by `struct.field`. */
  readonly fields: ReadonlyMap<string, SourceLocation>;
  readonly globals: ReadonlyMap<string, SourceLocation>;
}

const known = new WeakMap<DebugInfo, Places>();

function places(info: DebugInfo): Places {
  const before = known.get(info);
  if (before !== undefined) {
    return before;
  }
  const at = (file: string, line: number): SourceLocation => ({ file, line, column: 1 });
  const made: Places = {
    functions: new Map(info.functions.map((fn) => [fn.name, at(fn.file, fn.line)])),
    fields: new Map(
      info.structs.flatMap(({ name, file, fields }) =>
        fields.map((field) => [`${name}.${field.name}`, at(file, field.line)]),
      ),
    ),
    globals: new Map(info.globals.map((global) => [`${global.file} ${global.name}`, at(global.file, global.line)])),
  };
  known.set(info, made);
  return made;
}

/** Where the function is that a value points to. */
export function valuePlace(info: DebugInfo, { kind, value }: Value): SourceLocation | undefined {
  return kind === 'function' ? places(info).functions.get(String(value)) : undefined;
}

/** Where a field of a struct is declared. */
export function fieldPlace(info: DebugInfo, struct: string, field: string): SourceLocation | undefined {
  return places(info).fields.get(`${struct}.${field}`);
}

/** The file with the table of registers, each a constant by the manual's name. */
const REGISTERS = 'hw/net/e1000_regs.ts';

/** Where a register is declared. */
export function registerPlace(info: DebugInfo, name: string): SourceLocation | undefined {
  return places(info).globals.get(`${REGISTERS} ${name}`);
}
