/**
 * The tree of registers: nodes with stable identities, their values now, and which of them have changed since the last
 * stop.
 */
import type {
  FieldDescription,
  RegisterDescription,
  RegisterLayout,
  RegisterRange,
  RegistersBody,
} from '../../adapter/dap/custom.ts';
import { fieldBits } from '../../adapter/inspect/register-notation.ts';
import { fieldSummary, formatField, formatRegister, type NumberFormat } from './register-format.ts';

/** What is found by its name: a register, or a field as `RCTL.EN`. */
export interface FoundRegister {
  readonly name: string;
  readonly group: string;
  readonly description: string;
  readonly node: RegisterNode;
}

/** The group of registers that the user wants to see first; views have a word of their own for it. */
export const PINNED = 'Pinned';

/** What is pinned until the user says otherwise: what a packet's way through the rings changes. */
export const PINNED_FIRST: readonly string[] = ['RDH', 'RDT', 'TDH', 'TDT', 'ICR', 'IMS'];

/** Elements of an array that are shown without ranges between. */
const PAGE = 128;

interface Common {
  readonly id: string;
  readonly label: string;
  readonly nic: string;
  readonly parent: RegisterNode | undefined;
}

export type RegisterNode = Common &
  (
    | { readonly kind: 'nic' }
    | { readonly kind: 'group'; readonly registers: readonly RegisterDescription[] }
    /** A register, or with `element` one of an array. */
    | { readonly kind: 'register'; readonly info: RegisterDescription; readonly element: number }
    /** Elements `first` to `first + count` of an array; the whole array when `whole`. */
    | {
        readonly kind: 'range';
        readonly info: RegisterDescription;
        readonly first: number;
        readonly count: number;
        readonly whole: boolean;
      }
    | {
        readonly kind: 'field';
        readonly info: RegisterDescription;
        readonly element: number;
        readonly field: FieldDescription;
      }
  );

export class RegisterModel {
  #layout: RegisterLayout = { groups: [] };
  #single: readonly RegisterDescription[] = [];
  #nics: readonly string[] = [];
  /** Names of the registers that stand in a group of their own, before all others. */
  #pinned: readonly string[] = [];
  readonly #nodes = new Map<string, RegisterNode>();
  readonly #values = new Map<string, number>();
  #baseline = new Map<string, number>();

  /** Forgets everything: another session. */
  reset(layout: RegisterLayout): void {
    this.#layout = layout;
    this.#single = layout.groups.flatMap(({ registers }) => registers).filter(({ count }) => count === 1);
    this.#nics = [];
    this.#nodes.clear();
    this.#values.clear();
    this.#baseline.clear();
  }

  /** Registers that come first. The tree is another then. */
  pin(names: readonly string[]): void {
    this.#pinned = names;
    for (const id of this.#nodes.keys()) {
      if (id.split('/')[1] === PINNED) {
        this.#nodes.delete(id);
      }
    }
  }

  isPinned({ label }: RegisterNode): boolean {
    return this.#pinned.includes(label);
  }

  /** Every register and field by its name, with its node, which may be in a group that is closed. */
  findable(): FoundRegister[] {
    return this.#nics.flatMap((nic) => {
      const parent =
        this.#nics.length === 1 ? undefined : this.#node({ kind: 'nic', id: nic, label: nic, nic, parent: undefined });
      return this.#layout.groups.flatMap(({ name, registers }) => {
        const group = this.#node({ kind: 'group', id: `${nic}/${name}`, label: name, nic, parent, registers });
        return registers.flatMap((info) => {
          const node = this.#register(group, info);
          const fields = node.kind === 'register' ? this.children(node) : [];
          const own = { name: info.name, group: name, description: info.description, node };
          return [
            own,
            ...fields.map((field) => ({
              name: `${info.name}.${field.label}`,
              group: name,
              description: field.kind === 'field' ? field.field.description : '',
              node: field,
            })),
          ];
        });
      });
    });
  }

  /** All single registers as text, a line each. */
  allText(format: NumberFormat): string {
    const lines = this.#nics.flatMap((nic) =>
      this.#single.map(({ name, offset, fields }) => {
        const value = this.#values.get(place(nic, offset)) ?? 0;
        const shown = `${formatRegister(value, 32, format)}  ${fieldSummary(value, fields, format)}`;
        return `${name.padEnd(10)} ${shown}`.trimEnd();
      }),
    );
    return lines.map((line) => `${line}\n`).join('');
  }

  /** The machine goes on: what changes from here is marked. */
  markBaseline(): void {
    this.#baseline = new Map(this.#values);
  }

  /**
   * Takes values that were read. Returns the nodes to show anew, and `all` if the tree itself is another.
   */
  update(body: RegistersBody, ranges: readonly RegisterRange[]): 'all' | RegisterNode[] {
    const before = new Map(this.#values);
    for (const { name, values } of body.nics) {
      for (const [i, info] of this.#single.entries()) {
        this.#store(place(name, info.offset), values[i] ?? 0);
      }
    }
    for (const [i, { nic, offset, stride }] of ranges.entries()) {
      for (const [k, value] of (body.ranges[i] ?? []).entries()) {
        this.#store(place(nic, offset + k * stride), value);
      }
    }
    const names = body.nics.map(({ name }) => name);
    if (names.join() !== this.#nics.join()) {
      this.#nics = names;
      this.#nodes.clear();
      return 'all';
    }
    return [...this.#nodes.values()].filter((node) => this.#looksOther(node, before));
  }

  /** What is read for the first time is what later values are compared with. */
  #store(at: string, value: number): void {
    this.#values.set(at, value);
    if (!this.#baseline.has(at)) {
      this.#baseline.set(at, value);
    }
  }

  /** The nodes whose mark or value is not what `before` and the last baseline make of them. */
  #looksOther(node: RegisterNode, before: ReadonlyMap<string, number>): boolean {
    if (node.kind !== 'register' && node.kind !== 'field') {
      return (
        node.kind === 'group' && node.registers.some((info) => this.#differs(place(node.nic, info.offset), before))
      );
    }
    return this.#differs(this.#placeOf(node), before);
  }

  #differs(at: string, before: ReadonlyMap<string, number>): boolean {
    return before.get(at) !== this.#values.get(at);
  }

  /** Nodes that are marked as changed now. */
  marked(): RegisterNode[] {
    return [...this.#nodes.values()].filter((node) => this.isChanged(node));
  }

  roots(): RegisterNode[] {
    const [only] = this.#nics;
    if (this.#nics.length === 1 && only !== undefined) {
      return this.#groups(only, undefined);
    }
    return this.#nics.map((nic) => this.#node({ kind: 'nic', id: nic, label: nic, nic, parent: undefined }));
  }

  children(node: RegisterNode): RegisterNode[] {
    switch (node.kind) {
      case 'nic':
        return this.#groups(node.nic, node);
      case 'group':
        return node.registers.map((info) => this.#register(node, info));
      case 'range':
        return this.#elements(node);
      case 'register':
        return node.info.fields.map((field) =>
          this.#node({
            kind: 'field',
            id: `${node.id}/${field.name}`,
            label: field.name,
            nic: node.nic,
            parent: node,
            info: node.info,
            element: node.element,
            field,
          }),
        );
      case 'field':
        return [];
    }
  }

  /** Elements of an array that have to be read before `children(node)` can be shown. */
  rangeOf(node: RegisterNode): RegisterRange | undefined {
    if (node.kind !== 'range' || node.count > PAGE) {
      return undefined;
    }
    const { offset, stride } = node.info;
    return { nic: node.nic, offset: offset + node.first * stride, stride, count: node.count };
  }

  value(node: RegisterNode): number | undefined {
    const register =
      node.kind === 'register' || node.kind === 'field' ? this.#values.get(this.#placeOf(node)) : undefined;
    return register !== undefined && node.kind === 'field' ? fieldBits(register, node.field) : register;
  }

  isChanged(node: RegisterNode): boolean {
    if (node.kind === 'group') {
      return node.registers.some(({ offset, count }) => count === 1 && this.#changedAt(place(node.nic, offset)));
    }
    if (node.kind === 'register') {
      return this.#changedAt(this.#placeOf(node));
    }
    if (node.kind !== 'field' || !this.#changedAt(this.#placeOf(node))) {
      return false;
    }
    const was = this.#baseline.get(this.#placeOf(node)) ?? 0;
    return fieldBits(was, node.field) !== this.value(node);
  }

  #changedAt(at: string): boolean {
    const was = this.#baseline.get(at);
    return was !== undefined && was !== this.#values.get(at);
  }

  /** What stands beside a node's name. */
  text(node: RegisterNode, format: NumberFormat): string {
    switch (node.kind) {
      case 'nic':
        return 'e1000';
      case 'group': {
        const changed = node.registers.filter(
          ({ offset, count }) => count === 1 && this.#changedAt(place(node.nic, offset)),
        );
        return changed.length > 0 ? `${changed.length} changed` : '';
      }
      case 'range':
        return node.whole ? `${node.count} registers` : '';
      case 'field':
        return this.#change(node, (value) => formatField(value, node.field, format));
      case 'register': {
        const value = this.#values.get(this.#placeOf(node)) ?? 0;
        const number = this.#change(node, (n) => formatRegister(n, 32, format));
        return `${number}  ${fieldSummary(value, node.info.fields, format)}`.trimEnd();
      }
    }
  }

  /** A value, and before it what it was when the machine went on, if that is another. */
  #change(node: RegisterNode & { kind: 'register' | 'field' }, written: (value: number) => string): string {
    const at = this.#placeOf(node);
    const now = written(this.#values.get(at) ?? 0);
    // Zeros in front are left out where two values have to find room.
    return this.isChanged(node) ? `${short(written(this.#baseline.get(at) ?? 0))} → ${short(now)}` : now;
  }

  #placeOf(node: RegisterNode & { kind: 'register' | 'field' }): string {
    return place(node.nic, node.info.offset + node.element * node.info.stride);
  }

  #groups(nic: string, parent: RegisterNode | undefined): RegisterNode[] {
    const groups = this.#layout.groups.map(({ name, registers }) =>
      this.#node({ kind: 'group', id: `${nic}/${name}`, label: name, nic, parent, registers }),
    );
    const pinned = this.#pinned.flatMap((name) => this.#single.filter((info) => info.name === name));
    if (pinned.length === 0) {
      return groups;
    }
    const id = `${nic}/${PINNED}`;
    return [this.#node({ kind: 'group', id, label: PINNED, nic, parent, registers: pinned }), ...groups];
  }

  #register(parent: RegisterNode, info: RegisterDescription): RegisterNode {
    const common = { id: `${parent.id}/${info.name}`, label: info.name, nic: parent.nic, parent, info };
    return info.count === 1
      ? this.#node({ ...common, kind: 'register', element: 0 })
      : this.#node({ ...common, kind: 'range', first: 0, count: info.count, whole: true });
  }

  #elements(node: RegisterNode & { kind: 'range' }): RegisterNode[] {
    const { info, nic, first, count } = node;
    if (count <= PAGE) {
      return Array.from({ length: count }, (_, i) => {
        const label = `[${first + i}]`;
        return this.#node({
          kind: 'register',
          id: `${node.id}/${label}`,
          label,
          nic,
          parent: node,
          info,
          element: first + i,
        });
      });
    }
    return Array.from({ length: Math.ceil(count / PAGE) }, (_, i) => {
      const from = first + i * PAGE;
      const length = Math.min(PAGE, count - i * PAGE);
      const label = `[${from} - ${from + length - 1}]`;
      return this.#node({
        kind: 'range',
        id: `${node.id}/${label}`,
        label,
        nic,
        parent: node,
        info,
        first: from,
        count: length,
        whole: false,
      });
    });
  }

  /** The node with this identity, the same object each time. */
  #node(node: RegisterNode): RegisterNode {
    const known = this.#nodes.get(node.id);
    if (known !== undefined) {
      return known;
    }
    this.#nodes.set(node.id, node);
    return node;
  }
}

function short(number: string): string {
  return number.replace(/^(0x|0b)(?:[0_](?=[\da-f_]))+/, '$1');
}

function place(nic: string, offset: number): string {
  return `${nic}+${offset}`;
}
