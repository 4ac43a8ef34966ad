/** What completion needs to know of the session. */
import type { Surroundings } from '../commands/candidates.ts';
import { DEBUGGER_VARIABLES } from '../commands/variables.ts';
import { compile } from '../inspect/expression/compile.ts';
import { parseExpression } from '../inspect/expression/parser.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { knownHosts } from './replay-hosts.ts';

/** Fields of what an expression means in the selected frame, by its declaration. */
function membersOf(gdb: GdbInterpreter, object: string): [string, string][] {
  const { engine, evaluator } = gdb;
  const frame = gdb.expressionFrame();
  try {
    const { type } = compile(parseExpression(object), engine.scope(frame), evaluator.context(frame));
    const of = type.kind === 'array' ? type.element : type;
    return of.kind === 'struct' ? evaluator.types.allFields(of.struct).map((f) => [f.name, f.type]) : [];
  } catch {
    return [];
  }
}

export function surroundings(gdb: GdbInterpreter): Surroundings {
  const { engine, evaluator } = gdb;
  return {
    commands: gdb.commands,
    info: engine.info,
    get locals(): Iterable<string> {
      const scope = engine.scope(gdb.expressionFrame());
      const names = new Set(engine.info.probes.flatMap((p) => p.locals.map((l) => l.name)));
      return [...names].filter((name) => scope.local(name) !== undefined);
    },
    members: (object) => membersOf(gdb, object),
    variables: evaluator.variableEntries().map(([name]) => [name, DEBUGGER_VARIABLES[name] ?? '']),
    breakpoints: engine.breakpoints.map((b) => [b.id, b.locations[0]?.function ?? '']),
    displays: gdb.displays.map((d) => [d.id, d.text]),
    get hosts(): Iterable<readonly [string, string]> {
      return knownHosts(gdb);
    },
    folder: process.cwd(),
  };
}
