/** What completion needs to know of the session. */
import type { Surroundings } from '../commands/candidates.ts';
import { DEBUGGER_VARIABLES } from '../commands/variables.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { knownHosts } from './replay-hosts.ts';

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
    typesOf: (name) => {
      const local = engine.scope(gdb.expressionFrame()).local(name);
      return [local, ...engine.info.globals.filter((g) => g.name === name)].flatMap((v) => (v ? [v.type] : []));
    },
    variables: evaluator.variableEntries().map(([name]) => [name, DEBUGGER_VARIABLES[name] ?? '']),
    breakpoints: engine.breakpoints.map((b) => [b.id, b.locations[0]?.function ?? '']),
    displays: gdb.displays.map((d) => [d.id, d.text]),
    get hosts(): Iterable<readonly [string, string]> {
      return knownHosts(gdb);
    },
    folder: process.cwd(),
  };
}
