/** `npm run bench [NAME]...`: one JSON line for each measurement. Without names, all of them. */
import { measureConditions, measureLaunch, measureMemory, measureStops } from './debugger.ts';
import { measurePath } from './path.ts';
import { measureProbes } from './probes.ts';

/** `memory` is first, so that it is that of one session. */
const BENCHES: Readonly<Record<string, () => object | Promise<object>>> = {
  memory: measureMemory,
  launch: measureLaunch,
  stops: measureStops,
  conditions: measureConditions,
  probes: measureProbes,
  path: () => measurePath(),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  process.stderr.write(`unknown benchmark ${unknown.join(', ')}; known: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exitCode = 2;
} else {
  for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
    const figures = await BENCHES[name]?.();
    process.stdout.write(`${JSON.stringify({ bench: name, ...figures })}\n`);
  }
}
