/** The hosts of a capture that nobody replays yet. */
import { FileSource } from '../replay/file-source.ts';
import { rankedHosts } from '../replay/guest.ts';
import { finish, prepareCapture } from '../replay/prepare.ts';
import type { ReplayState } from './api.ts';

/** Reads a plain capture through at once. Throws what is wrong with it. */
export function captureHosts(path: string): ReplayState['hosts'] {
  const source = new FileSource(path);
  try {
    const { analysis } = finish(prepareCapture(source));
    return rankedHosts(analysis).map((h) => ({ address: h.text, opens: h.opens, packets: h.packets }));
  } finally {
    source.close();
  }
}
