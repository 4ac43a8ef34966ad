/**
 * A capture that is listed: an index of its packets, and the rows that are asked for, which are read from the file.
 * Needs nothing of VS Code.
 */
import { type CapturePacket, linktypeKind, scanCapture } from '../../adapter/packets/capture.ts';
import { CaptureIndex, PacketIndex } from '../../adapter/packets/capture-index.ts';
import { walkPackets } from '../../adapter/packets/capture-walk.ts';
import { type PacketDetails, packetDetails } from '../../adapter/packets/details.ts';
import type { Filter } from '../../adapter/packets/filter/filter.ts';
import { LinkLayer } from '../../adapter/packets/link-layer.ts';
import { PacketView } from '../../adapter/packets/packet-view.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from '../../adapter/packets/protocols/numbers.ts';
import { BADNESS, badnessOf, summary } from '../../adapter/packets/summary.ts';
import { TcpIpView } from '../../adapter/packets/tcp-ip-view.ts';
import { CaptureAnalysis } from '../../adapter/replay/analysis.ts';
import { capturedRelative } from '../../adapter/replay/captured.ts';
import { type OpenedCapture, openCapture } from '../../adapter/replay/open.ts';
import { inSlices, type Progress } from '../../adapter/replay/slices.ts';
import type { ListingWidths, PacketRow, TimeFormat } from './messages.ts';
import { conversationFilter, streamFilter } from './packet-filters.ts';
import { timeText } from './time-format.ts';

/** Characters of columns at least: their names, a MAC address. */
const MIN_NUMBER = 4;
const MIN_TIME = 8;
const MIN_ADDRESS = 17;
/** Characters of a column of addresses at most: IPv6. Longer texts are cut when they are shown. */
const MAX_ADDRESS = 39;
/** Hosts whose addresses are measured for that. */
const MEASURED = 1000;

export class CaptureModel {
  /** Who speaks with whom in it. */
  readonly analysis: CaptureAnalysis;
  readonly #opened: OpenedCapture;
  readonly #link = new LinkLayer();
  readonly #segment = new TcpIpView();
  readonly #view = new PacketView();
  /** What the Time column says. */
  timeFormat: TimeFormat = 'first';
  /** How bad each packet is (`BADNESS`), as far as all have been looked at in order; else what it says by itself. */
  #badness = new Uint8Array(0);
  /** Grows while the capture is read. */
  #index: CaptureIndex | undefined;

  private constructor(opened: OpenedCapture) {
    this.#opened = opened;
    this.analysis = new CaptureAnalysis(opened.source.size);
    this.#view.known = {
      numberOf: (p) => p.number,
      secondsOf: (number) => this.#packets.secondsOf(number - 1),
      recordOf: (number) => this.#packets.recordOf(number - 1),
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
      time: Math.max(MIN_TIME, timeText(this.timeFormat, this.#packets, this.count - 1).length),
      address: Math.min(MAX_ADDRESS, address),
    };
  }

  /**
   * Rows `[from, to)` from 0 on, of all packets or of those whose numbers are given, as far as there are any. Throws
   * `CaptureError` if the file has become shorter.
   */
  rows(from: number, to: number, numbers?: Uint32Array): PacketRow[] {
    const first = Math.max(0, from);
    const end = Math.min(numbers?.length ?? this.count, to);
    const packets = this.#packets;
    return Array.from({ length: Math.max(0, end - first) }, (_, i) =>
      this.#row(packets, numbers ? (numbers[first + i] ?? 1) - 1 : first + i),
    );
  }

  /** Numbers of the packets that match, in order; looks at all of them, with what those before say. */
  async matching(filter: Filter, progress: Progress): Promise<Uint32Array> {
    const found: number[] = [];
    await this.#walk(progress, (view) => {
      if (filter.matches(view)) {
        found.push(view.number);
      }
    });
    return Uint32Array.from(found);
  }

  /** Finds out how bad packets are, which some say only together with those before. */
  async judge(progress: Progress): Promise<void> {
    const badness = new Uint8Array(this.count);
    await this.#walk(progress, (view) => {
      badness[view.number - 1] = badnessOf(view);
    });
    this.#badness = badness;
  }

  /** A packet by its number, for the view that shows it; undefined if there is none. */
  details(number: number): PacketDetails | undefined {
    const view = number >= 1 && number <= this.count ? this.#viewOf(this.#packets, number - 1) : undefined;
    return view && packetDetails(view);
  }

  /** A filter for the packets between the ends of this one. */
  conversationFilter(number: number): string {
    const view = this.#viewOf(this.#packets, number - 1);
    return view ? conversationFilter(view) : '';
  }

  /** A filter for the stream that a packet belongs to. */
  streamFilter(number: number): string {
    const view = this.#viewOf(this.#packets, number - 1);
    return view ? streamFilter(view, this.#relative(view)?.stream) : '';
  }

  /** The packets with these numbers, or all, as a pcap file. Throws Error where their link layers differ. */
  saved(numbers?: Uint32Array): Uint8Array {
    const index = this.#packets;
    const all = [...(numbers ?? Array.from({ length: this.count }, (_, i) => i + 1))];
    const linktype = index.linktype((all[0] ?? 1) - 1);
    if (all.some((number) => index.linktype(number - 1) !== linktype)) {
      throw new Error(
        'The packets have different link layers, and a pcap file has one: filter those of one interface.',
      );
    }
    const { sec, nsec, len } = index.columns;
    const packets = all.map((number) => ({
      tsSec: sec[number - 1] ?? 0,
      tsNsec: nsec[number - 1] ?? 0,
      data: index.bytes(this.#opened.source, number - 1).slice(),
      len: len[number - 1] ?? 0,
    }));
    return writePcap(packets, { linktype, nano: true });
  }

  async #walk(progress: Progress, visit: (view: PacketView) => void): Promise<void> {
    const index = this.#index;
    if (index) {
      await inSlices(walked(walkPackets(this.#inOrder(index), index), visit), index.count, progress);
    }
  }

  *#inOrder(index: CaptureIndex): Generator<CapturePacket> {
    for (let i = 0; i < index.count; i++) {
      yield index.packet(this.#opened.source, i);
    }
  }

  close(): void {
    this.#opened.close();
  }

  #row(index: PacketIndex, i: number): PacketRow {
    const time = timeText(this.timeFormat, index, i);
    const length = index.columns.len[i] ?? 0;
    const view = this.#viewOf(index, i);
    if (view === undefined) {
      const info = `${length} bytes`;
      return { time, source: '', destination: '', protocol: 'Unknown', length, info, badness: '' };
    }
    const { source, destination, protocol, info } = summary(view);
    const badness = BADNESS[this.#badness[i] ?? badnessOf(view)] ?? '';
    return { time, source, destination, protocol, length, info: info.replace(/[\r\n]+/g, ' '), badness };
  }

  /** The view, at packet `i`; undefined where no link layer is known. */
  #viewOf(index: PacketIndex, i: number): PacketView | undefined {
    const data = index.bytes(this.#opened.source, i);
    const kind = linktypeKind(index.linktype(i));
    const link = this.#link.find(index.linktype(i), data);
    const view = this.#view;
    if (kind !== undefined) {
      view.set(data, 0, data.length, kind);
    } else if (link.type === ETHERTYPE_IP || link.type === ETHERTYPE_IPV6) {
      view.set(data, link.l3, data.length - link.l3, 'ip');
    } else {
      return undefined;
    }
    view.number = i + 1;
    return view;
  }

  #relative(p: PacketView): ReturnType<typeof capturedRelative> {
    const { columns, connections } = this.analysis;
    const segment = this.#segment.set(p.buf, p.off, p.len, p.linktype).find();
    return capturedRelative({ packets: columns, connections: connections.columns }, p.number - 1, segment);
  }
}

/** Visits packets; yields how many there have been. */
function* walked(packets: Iterable<PacketView>, visit: (view: PacketView) => void): Generator<number, void> {
  for (const view of packets) {
    visit(view);
    yield view.number;
  }
}
