/** The machine's NICs as shared memory shows them: registers can be read at any time, and never with a side effect. */
import type { EngineApi } from '../engine/api.ts';
import { type BitField, WORD, withFieldBits } from './register-notation.ts';
import { type RegisterInfo, registerAt } from './registers.ts';

const SUFFIX = '/mac_reg';

/** One NIC: its name, such as `e1000.0`, and its registers, indexed by offset / 4. */
export class Nic {
  readonly name: string;
  readonly registers: Uint32Array;
  readonly #write: (offset: number, data: Uint8Array) => Promise<void>;

  /** `write` stores into the registers' memory. */
  constructor(name: string, registers: Uint32Array, write: (offset: number, data: Uint8Array) => Promise<void>) {
    this.name = name;
    this.registers = registers;
    this.#write = write;
  }

  /** The register that is at an index of `mac_reg`. */
  registerAt(index: number): Register | undefined {
    const found = registerAt(index);
    return found && new Register(this, found.info, found.element);
  }

  /**
   * Stores bits as they are: no side effect of a guest's write happens. False, and nothing is stored, if they do not
   * fit.
   */
  async store(index: number, bits: number, field: BitField = WORD): Promise<boolean> {
    const value = withFieldBits(this.registers[index] ?? 0, field, bits);
    if (value === undefined) {
      return false;
    }
    await this.#write(index * 4, new Uint8Array(Uint32Array.of(value).buffer));
    return true;
  }
}

/** A register of a NIC, or an element of an array of them. */
export class Register {
  readonly nic: Nic;
  readonly info: RegisterInfo;
  readonly element: number;

  constructor(nic: Nic, info: RegisterInfo, element = 0) {
    this.nic = nic;
    this.info = info;
    this.element = element;
  }

  /** Bytes from the start of BAR 0. */
  get offset(): number {
    return this.info.offset + this.element * this.info.stride;
  }

  /** Into `mac_reg`. */
  get index(): number {
    return this.offset >> 2;
  }

  /** `RDH`, `MTA[3]`. */
  get name(): string {
    return this.info.count === 1 ? this.info.name : `${this.info.name}[${this.element}]`;
  }

  get value(): number {
    return this.nic.registers[this.index] ?? 0;
  }

  /** See `Nic.store`. */
  store(bits: number, field: BitField = WORD): Promise<boolean> {
    return this.nic.store(this.index, bits, field);
  }

  /** The expression that means it. There is none for every register of another NIC than the first. */
  expression(engine: EngineApi): string | undefined {
    const all = nics(engine);
    if (this.info.count === 1 && this.nic.name === all[0]?.name) {
      return `$${this.info.name}`;
    }
    return all.length === 1 ? `machine->nics[0]->mac_reg[${this.index}]` : undefined;
  }

  /** Where it is in guest physical memory; undefined if the NIC is not mapped. */
  address(engine: EngineApi): number | undefined {
    const window = engine.memory.regions.find(({ name }) => name === this.nic.name);
    return window && window.start + this.offset;
  }
}

/** NICs in order of their names; none before launch. */
export function nics(engine: EngineApi): Nic[] {
  return [...engine.shared]
    .filter(([name]) => name.endsWith(SUFFIX))
    .map(([name, buffer]) => {
      const write = (offset: number, data: Uint8Array): Promise<void> => engine.writeShared(name, offset, data);
      return new Nic(name.slice(0, -SUFFIX.length), new Uint32Array(buffer), write);
    })
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** Whether the machine has no NIC of its own, as one that links guests in QEMU, also when its recording is opened. */
export function nicElsewhere(engine: EngineApi): boolean {
  return engine.guests !== undefined || (engine.shared.size > 0 && nics(engine).length === 0);
}

/** Why a machine has no NIC that can be looked into. Guests in QEMU have theirs there. */
export function noNicText(engine: EngineApi): string {
  const see = '"info network" shows the link to it, "packets" what goes through.';
  if (engine.guests) {
    return `There is no e1000 here: the NIC is QEMU's, with its registers and rings. ${see}`;
  }
  return nicElsewhere(engine)
    ? `The machine has no e1000. If it is the network of a guest elsewhere, its NIC is there: ${see}`
    : 'The machine has no e1000.';
}

/** The NIC that one of the words names, else the first, and the other words. `$NAME` always means the first. */
export function chooseNic(
  engine: EngineApi,
  words: readonly string[],
): { nic: Nic | undefined; rest: readonly string[] } {
  const all = nics(engine);
  const named = all.find(({ name }) => words.includes(name));
  return { nic: named ?? all[0], rest: words.filter((w) => w !== named?.name) };
}
