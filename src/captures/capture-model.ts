/**
 * A capture that is listed: an index of its packets, and the rows that are asked for, which are read from the file.
 * Needs nothing of VS Code.
 */
import { linktypeKind, scanCapture } from '../../adapter/packets/capture.ts';
import { CaptureIndex, PacketIndex } from '../../adapter/packets/capture-index.ts';
import { LinkLayer } from '../../adapter/packets/link-layer.ts';
import { PacketView } from '../../adapter/packets/packet-view.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from '../../adapter/packets/protocols/numbers.ts';
import { summary } from '../../adapter/packets/summary.ts';
import { TcpIpView } from '../../adapter/packets/tcp-ip-view.ts';
import { CaptureAnalysis } from '../../adapter/replay/analysis.ts';
import { capturedRelative } from '../../adapter/replay/captured.ts';
import { type OpenedCapture, openCapture } from '../../adapter/replay/open.ts';
import { inSlices, type Progress } from '../../adapter/replay/slices.ts';
import type { ListingWidths, PacketRow } from './messages.ts';

/** Characters of columns at least: their names, a MAC address. */
const MIN_NUMBER = 4;
const MIN_TIME = 8;
const MIN_ADDRESS = 17;
/** Characters of a column of addresses at most: IPv6. Longer texts are cut when they are shown. */
const MAX_ADDRESS = 39;
/** Hosts whose addresses are measured for that. */
const MEASURED = 1000;

const MICROSECOND = 1e-6;

export class CaptureModel {
  /** Who speaks with whom in it. */
  readonly analysis: CaptureAnalysis;
  readonly #opened: OpenedCapture;
  readonly #link = new LinkLayer();
  readonly #segment = new TcpIpView();
  readonly #view = new PacketView();
  /** Grows while the capture is read. */
  #index: CaptureIndex | undefined;

  private constructor(opened: OpenedCapture) {
    this.#opened = opened;
    this.analysis = new CaptureAnalysis(opened.source.size);
    this.#view.known = {
      numberOf: (p) => p.number,
      secondsOf: (number) => this.#packets.secondsOf(number - 1),
      relative: (p) => this.#relative(p),
    };
  }

  /**
   * Reads a capture, packed or not. `shown` gets what has been read so far, again and again. Throws `CaptureError` if
   * there is nothing to be had from the file; when it is given up, packets that have been shown stay.
   */
  static async open(path: string, progress: Progress, shown: (model: CaptureModel) => void): Promise<void> {
    const opened = await openCapture(path, (bytes) => progress.told(bytes, 0), progress.signal);
    const model = new CaptureModel(opened);
    try {
      await model.#read(progress, () => shown(model));
      shown(model);
    } catch (e) {
      if (model.count === 0) {
        opened.close();
      }
      throw e;
    }
  }

  async #read({ told, signal }: Progress, grown: () => void): Promise<void> {
    const { source } = this.#opened;
    const scan = scanCapture(source, (i, data, index) => {
      this.#index = index;
      this.analysis.add(index, i, data);
    });
    const progress = {
      signal,
      told: (done: number, total: number): void => {
        told(done, total);
        grown();
      },
    };
    this.#index = await inSlices(scan, source.size, progress);
  }

  /** Packets so far. */
  get count(): number {
    return this.#index?.count ?? 0;
  }

  /** Oddities of the file: it is cut or damaged. */
  get warnings(): readonly string[] {
    return this.#index?.warnings ?? [];
  }

  get #packets(): PacketIndex {
    return new PacketIndex(this.#index ?? new CaptureIndex(0));
  }

  /** Characters that most rows need. */
  get widths(): ListingWidths {
    const hosts = this.analysis.hosts.hosts.slice(1, MEASURED);
    const address = hosts.reduce((n, host) => Math.max(n, host.text.length), MIN_ADDRESS);
    return {
      number: Math.max(MIN_NUMBER, `${this.count}`.length),
      time: Math.max(MIN_TIME, timeOf(this.#packets, this.count - 1).length),
      address: Math.min(MAX_ADDRESS, address),
    };
  }

  /** Rows `[from, to)` from 0 on, as far as there are any. Throws `CaptureError` if the file has become shorter. */
  rows(from: number, to: number): PacketRow[] {
    const first = Math.max(0, from);
    const end = Math.min(this.count, to);
    const packets = this.#packets;
    return Array.from({ length: Math.max(0, end - first) }, (_, i) => this.#row(packets, first + i));
  }

  close(): void {
    this.#opened.close();
  }

  #row(index: PacketIndex, i: number): PacketRow {
    const time = timeOf(index, i);
    const length = index.columns.len[i] ?? 0;
    const data = index.bytes(this.#opened.source, i);
    const kind = linktypeKind(index.linktype(i));
    const link = this.#link.find(index.linktype(i), data);
    const view = this.#view;
    if (kind !== undefined) {
      view.set(data, 0, data.length, kind);
    } else if (link.type === ETHERTYPE_IP || link.type === ETHERTYPE_IPV6) {
      view.set(data, link.l3, data.length - link.l3, 'ip');
    } else {
      return { time, source: '', destination: '', protocol: 'Unknown', length, info: `${length} bytes` };
    }
    view.number = i + 1;
    const { source, destination, protocol, info } = summary(view);
    return { time, source, destination, protocol, length, info: info.replace(/[\r\n]+/g, ' ') };
  }

  #relative(p: PacketView): ReturnType<typeof capturedRelative> {
    const { columns, connections } = this.analysis;
    const segment = this.#segment.set(p.buf, p.off, p.len, p.linktype).find();
    return capturedRelative({ packets: columns, connections: connections.columns }, p.number - 1, segment);
  }
}

/** Seconds with microseconds, as Wireshark's default time column. */
function timeOf({ columns }: PacketIndex, i: number): string {
  const { sec, nsec } = columns;
  const us = ((sec[i] ?? 0) - (sec[0] ?? 0)) * 1e6 + Math.round(((nsec[i] ?? 0) - (nsec[0] ?? 0)) / 1e3);
  return (us * MICROSECOND).toFixed(6);
}
