/** Guests of other programs, at a stop. */
import type { EngineApi } from '../engine/api.ts';

/** Says which of them go on while the machine stands still; empty if none does. */
export async function runningGuestsText({ guests }: EngineApi): Promise<string> {
  const running = (await guests?.running()) ?? 0;
  return running === 0 ? '' : `${running === 1 ? 'the guest runs' : `${running} guests run`} on`;
}
