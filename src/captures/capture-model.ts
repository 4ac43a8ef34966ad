/**
 * A capture that is listed: an index of its packets, and the rows that are asked for, which are read from the file.
 * Needs nothing of VS Code.
 */
import { linktypeKind, scanCapture } from '../../adapter/packets/capture.ts';
import { PacketIndex } from '../../adapter/packets/capture-index.ts';
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
  /** Packets. */
  readonly count: number;
  /** Oddities of the file: it is cut or damaged. */
  readonly warnings: readonly string[];
  /** Who speaks with whom in it. */
  readonly analysis: CaptureAnalysis;
  readonly #opened: OpenedCapture;
  readonly #index: PacketIndex;
  readonly #link = new LinkLayer();
  readonly #segment = new TcpIpView();
  readonly #view = new PacketView();

  private constructor(
    opened: OpenedCapture,
    index: PacketIndex,
    warnings: readonly string[],
    analysis: CaptureAnalysis,
  ) {
    this.count = index.count;
    this.warnings = warnings;
    this.analysis = analysis;
    this.#opened = opened;
    this.#index = index;
    this.#view.known = {
      numberOf: (p) => p.number,
      secondsOf: (number) => index.secondsOf(number - 1),
      relative: (p) => this.#relative(p),
    };
  }

  /** Reads a capture, packed or not. Throws `CaptureError` if there is nothing to be had from it. */
  static async open(path: string, progress: Progress): Promise<CaptureModel> {
    const opened = await openCapture(path, (bytes) => progress.told(bytes, 0), progress.signal);
    try {
      const analysis = new CaptureAnalysis();
      const { source } = opened;
      const scan = scanCapture(source, (i, data, growing) => analysis.add(growing, i, data));
      const index = await inSlices(scan, source.size, progress);
      return new CaptureModel(opened, new PacketIndex(index), index.warnings, analysis);
    } catch (e) {
      opened.close();
      throw e;
    }
  }

  /** Characters that most rows need. */
  get widths(): ListingWidths {
    const hosts = this.analysis.hosts.hosts.slice(1, MEASURED);
    const address = hosts.reduce((n, host) => Math.max(n, host.text.length), MIN_ADDRESS);
    return {
      number: Math.max(MIN_NUMBER, `${this.count}`.length),
      time: Math.max(MIN_TIME, this.#time(this.count - 1).length),
      address: Math.min(MAX_ADDRESS, address),
    };
  }

  /** Rows `[from, to)` from 0 on, as far as there are any. Throws `CaptureError` if the file has become shorter. */
  rows(from: number, to: number): PacketRow[] {
    const first = Math.max(0, from);
    const end = Math.min(this.count, to);
    return Array.from({ length: Math.max(0, end - first) }, (_, i) => this.#row(first + i));
  }

  close(): void {
    this.#opened.close();
  }

  #row(i: number): PacketRow {
    const index = this.#index;
    const time = this.#time(i);
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

  /** Seconds with microseconds, as Wireshark's default time column. */
  #time(i: number): string {
    const { sec, nsec } = this.#index.columns;
    const us = ((sec[i] ?? 0) - (sec[0] ?? 0)) * 1e6 + Math.round(((nsec[i] ?? 0) - (nsec[0] ?? 0)) / 1e3);
    return (us * MICROSECOND).toFixed(6);
  }
}
