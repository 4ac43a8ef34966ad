/**
 * What a protocol is: how it is found, its fields, its line in the packet list. A file of `protocols/` declares one;
 * the layers of a packet, the dissection tree, `$pkt`, completion and the packet list are derived from the
 * declaration.
 */
import type { Layer } from './layer.ts';
import type { Memory } from './memory.ts';
import type { PacketView } from './packet-view.ts';

/**
 * How a value is to be read: MACs are 48-bit numbers, IPv4 addresses numbers in host byte order, IPv6 addresses 16
 * bytes.
 */
export type FieldType =
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'int32'
  /** A number of seconds, with nanoseconds behind the point. */
  | 'seconds'
  /** A number of milliseconds, with a fraction. */
  | 'milliseconds'
  /** The same, since 1970. */
  | 'time'
  | 'ipv4'
  | 'ipv6'
  | 'ether'
  | 'bytes'
  | 'string'
  | 'boolean'
  | 'protocol'
  /** No value: it says only that it is there. */
  | 'none';

export type FieldScalar = number | string | boolean | Uint8Array;
/**
 * An array where a field occurs more than once: `ip.addr` is both addresses. Comparisons hold if any element matches
 * (`match`).
 */
export type FieldValue = FieldScalar | readonly FieldScalar[] | undefined;

/** Names of a number's values. */
export type Names = Readonly<Record<number, string>>;

/** The number that a name stands for; what follows a name in parentheses need not be said. */
export function namedValue(names: Names, text: string): number | undefined {
  const all = Object.entries(names);
  const found = all.find(([, name]) => name === text) ?? all.find(([, name]) => name.replace(/ \(.*$/, '') === text);
  return found === undefined ? undefined : Number(found[0]);
}

/** Something about a layer of a packet. */
export type Of<T> = (p: PacketView, l: Layer) => T;

/** Bytes of the view's buffer. */
export type Place = readonly [from: number, length: number];

/** A field as its protocol's file declares it; `declare.ts` has a maker for each usual kind. */
export interface FieldDeclaration {
  /** Wireshark's name, such as `tcp.dstport`. */
  readonly name: string;
  /** What Wireshark's tree calls it. */
  readonly description: string;
  readonly type: FieldType;
  /** True for numbers that are read in hexadecimal: flags, checksums, identifications. */
  readonly hex?: boolean;
  /** Names of its values; the tree says the name before the value. */
  readonly names?: Names;
  /** True if one layer may have several. */
  readonly many?: boolean;
  /** The value in a layer; absent if it comes from a part, or from other fields (`oneOf`). */
  readonly value?: Of<FieldScalar | undefined>;
  /** A shorter way to the value in a packet's first layer, if all of its first `bytes` are sure to be there. */
  readonly direct?: { readonly bytes: number; readonly get: (protocol: Protocol) => (p: PacketView) => FieldValue };
  /** How often it occurs with the same value; once if absent. */
  readonly times?: Of<number>;
  /** True if parts have more occurrences of it. */
  readonly alsoInParts?: boolean;
  /** The fields that it stands for: `tcp.port` is `tcp.srcport` and `tcp.dstport`. */
  readonly oneOf?: readonly FieldDeclaration[];
  /** Where its bytes are; at the layer's start, of length 0, if absent. */
  readonly place?: Of<Place>;
  /** Whether the tree shows it; absent: always. */
  readonly shown?: Of<boolean>;
  /** The bits of a word that it is, for the tree's drawing. */
  readonly bits?: Bits;
  /** The value in words, instead of the value. */
  readonly words?: Of<string>;
  /** What the tree says in brackets after the value. */
  readonly note?: Of<string>;
  /** The tree's whole line, instead of the usual one. */
  readonly label?: Of<string>;
  /** The value as text, instead of the usual one. */
  readonly text?: Of<string>;
  /** The raw value as text, where a number has not all its digits. */
  readonly plain?: Of<string>;
  /** What the tree shows below it. */
  readonly inside?: readonly Declaration[];
}

/** Bits of a big-endian word of 8, 16 or 32 bits at `off` of the layer. */
export interface Bits {
  readonly off: number;
  readonly width: 8 | 16 | 32;
  readonly mask: number;
  /** The lowest bits of the word that are drawn. */
  readonly drawn: number;
}

/** A value of a variable place, such as an option, or a line of the tree that is no field. */
export interface Part {
  /** The field that it is an occurrence of; without it `name` is what front ends call the line. */
  readonly field?: FieldDeclaration;
  readonly name?: string;
  readonly value?: FieldScalar;
  readonly from: number;
  readonly length: number;
  /** The tree's line; a part without one is not shown. */
  readonly label?: (() => string) | undefined;
  /** The value as text, instead of the usual one. */
  readonly text?: () => string;
  readonly inside?: readonly Part[];
}

/** Parts that are found by walking through the bytes. */
export interface PartsDeclaration {
  readonly parts: Of<readonly Part[]>;
}

export type Declaration = FieldDeclaration | PartsDeclaration;

/** How grave it is, numbered as Wireshark does, and what it is about. */
export const SEVERITY = { comment: 0x100000, chat: 0x200000, note: 0x400000, warn: 0x600000, error: 0x800000 } as const;
export const GROUP = {
  checksum: 0x1000000,
  sequence: 0x2000000,
  response: 0x3000000,
  request: 0x4000000,
  undecoded: 0x5000000,
  reassemble: 0x6000000,
  malformed: 0x7000000,
  protocol: 0x9000000,
  security: 0xa000000,
  comments: 0xb000000,
  decryption: 0xc000000,
} as const;

/** What Wireshark calls them. */
export const SEVERITY_NAMES: Names = {
  [SEVERITY.comment]: 'Comment',
  [SEVERITY.chat]: 'Chat',
  [SEVERITY.note]: 'Note',
  [SEVERITY.warn]: 'Warning',
  [SEVERITY.error]: 'Error',
};
export const GROUP_NAMES: Names = {
  [GROUP.checksum]: 'Checksum',
  [GROUP.sequence]: 'Sequence',
  [GROUP.response]: 'Response',
  [GROUP.request]: 'Request',
  [GROUP.undecoded]: 'Undecoded',
  [GROUP.reassemble]: 'Reassemble',
  [GROUP.malformed]: 'Malformed',
  [GROUP.protocol]: 'Protocol',
  [GROUP.security]: 'Security',
  [GROUP.comments]: 'Comment',
  [GROUP.decryption]: 'Decryption',
};

/** Something that an expert would say of a layer (Wireshark's expert information). */
export interface Expert {
  /** The field that stands for it. */
  readonly field?: FieldDeclaration;
  readonly message: string;
  readonly severity: keyof typeof SEVERITY;
  readonly group: keyof typeof GROUP;
}

/** A protocol as its file declares it. */
export interface ProtocolDeclaration {
  /** Wireshark's name of it, the first word of its fields. */
  readonly name: string;
  /** The whole name. */
  readonly title: string;
  /** What the list's Protocol column says; also what a malformed one is called. */
  readonly column: string;
  /** How often Wireshark's tree has it for a layer, where that is not once: messages beside each other. */
  readonly times?: Of<number>;
  /** What it adds to `frame.protocols`; its name if absent. */
  readonly chain?: string | Of<string>;
  /**
   * Tables in which layers below look it up, with its numbers there; `any` takes what no number does, if `open`
   * agrees, and `[...]` with `any` among them is both.
   */
  readonly found: Readonly<Record<string, readonly (number | 'any')[] | 'any'>>;
  /** Bytes that have to be there. */
  readonly header: number;
  /** Looks at the bytes: false if it is not this protocol. May set what `measure` may, and where the layer begins. */
  readonly open?: Of<boolean>;
  /** Sets the layer's body and end, and its keys if it carries something; asked when one of these is needed. */
  readonly measure?: Of<void>;
  /** The table in which what it carries is looked up, by the layer's key. What does not fit there is malformed. */
  readonly carries?: string;
  /**
   * The same by either of two port numbers. What does not fit is data, and it is looked for when somebody asks for it.
   */
  readonly carriesByPort?: string;
  /** What comes on its ports and is no message of it is nobody's: Wireshark calls it neither this nor data. */
  readonly keepsPorts?: boolean;
  /** Bytes of the header that a quotation in an error has at least; absent: all of them. */
  readonly shortHeader?: number;
  /** True if what it carries is a quotation of a packet that was sent before. */
  readonly quotes?: boolean;
  /** True if it carries a stream, in which a message may begin and end anywhere (`messageLength`). */
  readonly stream?: boolean;
  /**
   * Bytes of the message that begins at the layer's first byte, where a stream carries it, also if they are not all
   * there: `MORE`, `TO_END` or `NO_MESSAGE` else. Without it what a packet carries is one message. It is asked before
   * `open`.
   */
  readonly messageLength?: Of<number>;
  /** Bytes by which `messageLength` knows the length, where the header is longer. */
  readonly lengthBytes?: number;
  /** True if Wireshark names it also where only the beginning of a message is. */
  readonly namedInPart?: boolean;
  /** What the list's Info column says of the beginning of a message that goes on in later packets. */
  readonly partInfo?: Of<string>;
  /**
   * Looks at a layer of the next packet of a capture, or of an edge, and returns what the packets before say of it,
   * which is then the layer's `note`. It may put together what several packets carry (`PacketView.graft`).
   */
  readonly remember?: (p: PacketView, l: Layer, memory: Memory) => object | null;
  /** What an expert would say of a layer, in the tree's order. */
  readonly experts?: Of<readonly Expert[]>;
  /** What the list's Info column says before everything else, also before what the layers above say. */
  readonly infoBefore?: Of<string>;
  /** The line of the tree; the title if absent. A protocol without a line of its own says `null`. */
  readonly line?: Of<string> | null;
  /** Length of the layer in the tree; up to its body if absent. */
  readonly length?: Of<number>;
  /** Fields in the tree's order. */
  readonly fields: readonly Declaration[];
  /** The list's Protocol column, where it is not always the same. */
  readonly columnOf?: Of<string>;
  /** The list's Info column; absent if the layer below speaks. */
  readonly info?: Of<string>;
  /** What the Protocol column says of what it carries: `GTP <TCP>`. */
  readonly columnAround?: (column: string) => string;
  /** What the Info column has between messages of it beside each other; absent: only the last one speaks. */
  readonly infoBetween?: string;
  /** The list's Source and Destination columns; absent if the layer below has them. */
  readonly addresses?: Of<readonly [source: string, destination: string]>;
  /** Where its header says that it ends, also when the capture was cut before. */
  readonly claimedEnd?: Of<number>;
  /** Takes note of what later packets of the conversation need to know. Called once a packet, in order. */
  readonly note?: Of<void>;
  /** Whether what it carries is a part of a datagram; absent: never. */
  readonly isFragment?: Of<boolean>;
  /** The sum of its pseudo header that checksums of what it carries cover, without the length. */
  readonly pseudoSum?: Of<number>;
}

/** A field of the table. */
export interface Field extends FieldDeclaration {
  readonly hex: boolean;
  readonly many: boolean;
  readonly protocol: Protocol;
  /** The fields of this name, if several protocols have one. */
  readonly same?: readonly Field[];
  /** The value in the first layer of its protocol. Never throws; undefined where the packet does not have the field. */
  readonly get: (p: PacketView) => FieldValue;
}

/** A protocol among others: `protocols.ts` gives it its number and what it may carry. */
export class Protocol {
  readonly declaration: ProtocolDeclaration;
  readonly name: string;
  readonly header: number;
  readonly open: Of<boolean> | undefined;
  readonly measure: Of<void> | undefined;
  readonly messageLength: Of<number> | undefined;
  readonly remember: ProtocolDeclaration['remember'];
  readonly stream: boolean;
  readonly quotes: boolean;
  readonly shortHeader: number;
  readonly byPort: boolean;
  /** True if it carries nothing that is dissected. */
  readonly leaf: boolean;
  readonly fields: readonly Field[];
  /** Its place in the list of protocols. */
  index = -1;
  /** What it carries by the layer's key; null if that says nothing, or not for sure. */
  carried: ReadonlyMap<number, Protocol> | null = null;
  /** What it may carry by either port. */
  carriedByPort: ReadonlyMap<number, Protocol> = new Map();
  /** What it may carry on any port. */
  carriedAny: readonly Protocol[] = [];
  /** 1 at the places of the protocols that may be somewhere above it. */
  reaches: Uint8Array = new Uint8Array(0);
  /** Parts of all levels of the tree. */
  readonly #parts: readonly PartsDeclaration[];
  #byName: ReadonlyMap<string, Field> | undefined;

  constructor(declaration: ProtocolDeclaration) {
    this.declaration = declaration;
    this.name = declaration.name;
    this.header = declaration.header;
    this.open = declaration.open;
    this.measure = declaration.measure;
    this.messageLength = declaration.messageLength;
    this.stream = declaration.stream === true;
    this.remember = declaration.remember;
    this.quotes = declaration.quotes === true;
    this.shortHeader = declaration.shortHeader ?? declaration.header;
    this.byPort = declaration.carriesByPort !== undefined;
    this.leaf = declaration.carries === undefined && !this.byPort;
    const all = flatten(declaration.fields);
    this.#parts = all.filter((d) => 'parts' in d);
    this.fields = [this.#presence(), ...all.flatMap((d) => ('parts' in d ? [] : this.#field(d)))];
  }

  /** All occurrences of a field in a layer of this protocol. */
  occurrences(f: FieldDeclaration, p: PacketView, l: Layer): Part[] {
    if (f.oneOf) {
      return f.oneOf.flatMap((one) => this.occurrences(one, p, l));
    }
    if (!f.value) {
      return this.#parts.flatMap((d) => occurrencesIn(d.parts(p, l), f.name));
    }
    const value = f.value(p, l);
    const [from, length] = f.place?.(p, l) ?? [l.at, 0];
    const one = value === undefined ? [] : [{ field: f, value, from, length }];
    const own = f.times === undefined ? one : Array.from({ length: f.times(p, l) }, () => one).flat();
    // Parts may have more of it: a client's identifier is one more hardware address.
    return f.alsoInParts ? [...own, ...this.#parts.flatMap((d) => occurrencesIn(d.parts(p, l), f.name))] : own;
  }

  /** Its field of a name. */
  named(name: string): Field | undefined {
    this.#byName ??= new Map(this.fields.map((f) => [f.name, f]));
    return this.#byName.get(name);
  }

  /** Calls `take` with every occurrence of every field in a layer of this protocol. */
  eachOccurrence(p: PacketView, l: Layer, take: (field: FieldDeclaration, part: Part) => void): void {
    const walk = (found: readonly Part[]): void => {
      for (const part of found) {
        if (part.field !== undefined && part.value !== undefined && !part.field.alsoInParts) {
          take(part.field, part);
        }
        walk(part.inside ?? []);
      }
    };
    for (const d of this.#parts) {
      walk(d.parts(p, l));
    }
    for (const f of this.fields) {
      if (f.oneOf || f.value) {
        for (const part of this.occurrences(f, p, l)) {
          take(f, part);
        }
      }
    }
  }

  /** The protocol itself is a field: whether a packet has it. */
  #presence(): Field {
    const { name, title, times } = this.declaration;
    return {
      ...(times === undefined ? {} : { times }),
      name,
      description: title,
      type: 'protocol',
      hex: false,
      many: false,
      protocol: this,
      value: () => true,
      get: (p) => p.find(this) !== null,
    };
  }

  #field(d: FieldDeclaration): Field {
    return { ...d, hex: d.hex ?? false, many: d.many ?? false, protocol: this, get: this.#getter(d) };
  }

  #getter(d: FieldDeclaration): Field['get'] {
    if (d.direct && d.direct.bytes <= this.header && !d.alsoInParts) {
      return d.direct.get(this);
    }
    const { value } = d;
    if (value && !d.alsoInParts) {
      return (p) => {
        const l = p.first(this);
        return l === null ? undefined : value(p, l);
      };
    }
    return (p) => {
      const l = p.first(this);
      const values = l === null ? [] : this.occurrences(d, p, l).map((o) => o.value ?? '');
      return values.length <= 1 || !d.many ? values[0] : values;
    };
  }
}

function flatten(declarations: readonly Declaration[]): Declaration[] {
  return declarations.flatMap((d) => ('parts' in d ? [d] : [d, ...flatten(d.inside ?? [])]));
}

function occurrencesIn(parts: readonly Part[], name: string): Part[] {
  return parts.flatMap((x) => [...(x.field?.name === name ? [x] : []), ...occurrencesIn(x.inside ?? [], name)]);
}
