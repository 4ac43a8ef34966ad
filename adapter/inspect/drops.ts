/** Packets that were dropped, by reason. */
import type { EngineApi } from '../engine/api.ts';
import { askMonitor } from './connections.ts';

/** How many packets were dropped for each reason that there was; undefined once the machine is gone. */
export async function droppedPackets(engine: EngineApi): Promise<Readonly<Record<string, number>> | undefined> {
  const text = await askMonitor(engine, 'info drops');
  const rows = [...text.matchAll(/^(\d+)\s+([A-Z]\w*)/gm)].map(([, n, reason = '']) => [reason, Number(n)] as const);
  return rows.length === 0 && text === '' ? undefined : Object.fromEntries(rows);
}
