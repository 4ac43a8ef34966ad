/** What display filters mean at the prompt: the user's macros, and the packet at the stop for `${ip.src}`. */
import type { EngineApi, PacketLayer } from '../engine/api.ts';
import { compileFilter, type Filter } from '../packets/filter/filter.ts';
import { expand } from '../packets/filter/macros.ts';
import { referenceText, referring } from '../packets/filter/reference.ts';
import { remembers } from '../packets/filter/remembers.ts';
import { fieldNamed } from '../packets/filter/resolve.ts';

export class FilterWords {
  /** Texts by name, with `$1` for the first argument. */
  readonly macros = new Map<string, string>();
  /** `layer` before there is a machine. */
  expectedLayer: PacketLayer = 'nic';
  readonly #nicElsewhere: () => boolean;
  #reference = '';

  /** @param nicElsewhere whether the machine has no NIC of its own */
  constructor(nicElsewhere: () => boolean = () => false) {
    this.#nicElsewhere = nicElsewhere;
  }

  /**
   * Where packets are looked for unless the user says otherwise: each passes the NIC once. A machine that only links
   * guests of other programs has none, and there it is the user network.
   */
  get layer(): PacketLayer {
    return this.#nicElsewhere() ? 'slirp' : this.expectedLayer;
  }

  /** Looks up the packet of a frame, which references are about from now on. */
  async refer(engine: EngineApi, frame: number): Promise<void> {
    const packet = engine.state === 'stopped' ? await engine.packet(frame).catch(() => undefined) : undefined;
    this.#reference = packet ? referenceText(packet.bytes, packet.linktype) : '';
  }

  /** Throws `FilterError`. */
  compile(text: string): Filter {
    return compileFilter(text, { macros: this.macros, ...referring(this.#reference) });
  }

  /**
   * JavaScript of the arguments that make the same filter in the inferior (`Filters.of`), at a place of its own. Throws
   * `FilterError`.
   */
  source(text: string, place: string): string {
    const { fieldsUsed } = this.compile(text);
    const plain = expand(text, this.macros, (name) => fieldNamed(name) !== undefined).text;
    const all = [plain, plain.includes('${') ? this.#reference : '', remembers(fieldsUsed) ? place : ''];
    const last = all.findLastIndex((word) => word !== '');
    return all
      .slice(0, Math.max(1, last + 1))
      .map((word) => JSON.stringify(word))
      .join(',');
  }
}
