/** A capture's listing as the extension host has it: to open a million packets, and to show the page at its end. */
import { join } from 'node:path';
import { CaptureModel } from '../../src/captures/capture-model.ts';
import { tempFolder } from '../kit/temp.ts';
import { writeCapture } from './replay-capture.ts';

const PACKETS = Number(process.env['PKTGDB_PACKETS'] ?? 1e6);
const PAGE = 100;

/** Milliseconds of processor time since `start`. */
function spent(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return Number(((user + system) / 1000).toFixed(1));
}

/** One run: processor time until all packets are listed, that of the last page, and what memory grew by. */
export async function measureListing(): Promise<object> {
  const file = join(tempFolder(), 'listing.pcap');
  const { packets } = writeCapture(file, PACKETS);
  const { rss } = process.memoryUsage();
  const started = process.cpuUsage();
  let model: CaptureModel | undefined;
  await CaptureModel.open(file, { told: () => undefined, signal: new AbortController().signal }, (shown) => {
    model = shown;
  });
  const openCpuMs = spent(started);
  const rssMb = Math.round((process.memoryUsage().rss - rss) / 1e6);
  const paging = process.cpuUsage();
  model?.rows(packets - PAGE, packets);
  const pageCpuMs = spent(paging);
  model?.close();
  return { packets, listing_open_cpu_ms: openCpuMs, listing_page_cpu_ms: pageCpuMs, listing_rss_mb: rssMb };
}
