/** The packets that locals hold, as expressions see them. What takes packets apart is loaded with the first of them. */
import type { FIELDS, PacketView } from '../packets/fields.ts';
import type { Filter } from '../packets/filter/filter.ts';
import type { Summary } from '../packets/summary.ts';
import type { KnownPackets } from '../replay/known-packets.ts';
import { dissection } from './dissection.ts';
import type { Filters } from './filters.ts';
import type { PacketBytes } from './packet-bytes.ts';
import { copyOf, type PacketCopy } from './packet-copy.ts';

export class PacketViews {
  readonly #seconds: () => number;
  /** In a replay: what is known of packets. */
  #known: KnownPackets | null = null;
  #view: PacketView | undefined;
  /** The same for copies, so that a condition's packet stays what it is. */
  #copied: PacketView | undefined;
  #filters: Filters | undefined;

  /** `seconds`: the machine's clock. */
  constructor(seconds: () => number) {
    this.#seconds = seconds;
  }

  /** Getters of fields by Wireshark's names. */
  get fields(): typeof FIELDS {
    return dissection().FIELDS;
  }

  /** A machine begins, or one where a checkpoint was taken. */
  begin(known: KnownPackets | null): void {
    this.#known = known;
    for (const view of [this.#view, this.#copied]) {
      if (view) {
        view.known = known;
      }
    }
  }

  /** Another run begins: filters on what packets before have said know nothing. */
  restartFilters(): void {
    this.#filters?.restart();
  }

  /** Aims the view at a packet; it is the same for all. */
  at(packet: PacketBytes): PacketView {
    this.#view ??= this.#make();
    return this.#view.set(packet.buf, packet.off, packet.len, packet.linktype);
  }

  copy(packet: PacketBytes): PacketCopy {
    if (this.#known) {
      this.#copied ??= this.#make();
    }
    return copyOf(packet, this.#copied);
  }

  summary(view: PacketView): Summary {
    return dissection().summary(view);
  }

  /** The function of a display filter. Throws `FilterError`. */
  filter(text: string, reference?: string, place?: string): Filter['matches'] {
    this.#filters ??= new (dissection().Filters)(this.#seconds);
    return this.#filters.of(text, reference, place);
  }

  #make(): PacketView {
    const view = new (dissection().PacketView)();
    view.known = this.#known;
    return view;
  }
}
