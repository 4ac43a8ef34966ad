/** The NIC alone: frames a second through its rings, release and instrumented, and what a packet allocates. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Image } from '../../adapter/engine/image.ts';
import type { E1000Run } from './e1000-child.ts';

const run = promisify(execFile);

/** Frames a second and bytes allocated a frame, by direction and size. */
export async function measureE1000(frames = 300_000): Promise<object> {
  const env = { ...process.env, PKTGDB_PROBES: String(Image.load().info.probes.length) };
  const child = join(import.meta.dirname, 'e1000-child.ts');
  const result: { [key: string]: object } = {};
  for (const build of ['release', 'debug']) {
    const { stdout } = await run(process.execPath, ['--import', 'tsx', child, build, String(frames)], { env });
    for (const r of JSON.parse(stdout) as E1000Run[]) {
      const name = build === 'debug' ? 'instrumented' : build;
      result[`${name}_${r.name}`] = {
        frames_per_s: Math.round(r.frames / r.seconds),
        alloc_bytes_per_frame: Number((r.allocated / r.frames).toFixed(1)),
        alloc_top: r.top,
      };
    }
  }
  return result;
}
