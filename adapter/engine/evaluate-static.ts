/** Expressions without a running machine: constants of the stack and arithmetic, as gdb prints them before `run`. */
import type { DebugInfo } from '../compiler/debug-info.ts';
import { Describer } from '../inferior/describe.ts';
import { FIELDS } from '../packets/fields.ts';
import { EngineError, type Value } from './api.ts';

/** Evaluates JavaScript of the expression compiler over the constants of the debug info. Throws `EngineError`. */
export function evaluateStatic(js: string, info: DebugInfo): Value {
  const globals: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const g of info.globals) {
    // Of several files' constants of one name the first counts, as at run time.
    if (g.name in globals) {
      continue;
    }
    Object.defineProperty(globals, g.name, {
      get: () => {
        if (g.value === undefined) {
          throw new Error(`Cannot access "${g.name}": the program is not being run.`);
        }
        return g.value;
      },
    });
  }
  try {
    const value: unknown = new Function('$G', '$F', '$pkt', `return (${js})`)(globals, FIELDS, undefined);
    return new Describer().describe(value);
  } catch (e) {
    throw new EngineError(e instanceof Error ? e.message : String(e));
  }
}
