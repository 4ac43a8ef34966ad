/** Addresses of code. A statement has none of its own, so it has the number of its probe, as `info line` says it. */
import type { DebugInfo } from '../compiler/debug-info.ts';
import type { EngineApi, Frame } from '../engine/api.ts';
import type { Result } from './evaluator.ts';

/** `tcp_input+2`: the function of a probe, and which of its statements it is; undefined where no code is. */
export function symbolAt(info: DebugInfo, probe: number): string | undefined {
  const fn = info.functions[info.probes[probe]?.fn ?? -1];
  const offset = fn?.probes.indexOf(probe) ?? -1;
  return fn && offset >= 0 ? `${fn.name}${offset > 0 ? `+${offset}` : ''}` : undefined;
}

/** The probe that a frame stands at: a caller's is that of the statement with the call. */
function probeOf(info: DebugInfo, { fn, location, probe }: Frame): number {
  if (probe >= 0) {
    return probe;
  }
  const inLine = fn.probes.filter((id) => info.probes[id]?.line === location.line);
  const before = inLine.filter((id) => (info.probes[id]?.column ?? 0) <= location.column);
  const above = fn.probes.filter((id) => (info.probes[id]?.line ?? 0) < location.line);
  return before.at(-1) ?? inLine[0] ?? above.at(-1) ?? -1;
}

/** `$pc` of a frame; undefined without a stopped machine. */
export async function programCounter(engine: EngineApi, frame: number): Promise<Result | undefined> {
  const at = frame >= 0 && engine.state === 'stopped' ? (await engine.frames())[frame] : undefined;
  const probe = at ? probeOf(engine.info, at) : -1;
  const symbol = symbolAt(engine.info, probe);
  return symbol === undefined
    ? undefined
    : {
        value: { kind: 'number', type: 'number', value: probe },
        code: { js: String(probe), type: { kind: 'code', symbol }, constant: true },
      };
}
