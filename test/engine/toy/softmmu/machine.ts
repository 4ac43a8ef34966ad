import type { Host } from '../../../../adapter/stack/util/host.ts';

/** One device. */
export class Device {
  /** Register file. */
  regs: Uint32Array = new Uint32Array(8);
  name = 'toy';
  peer: Device | null = null;
}

export class Machine {
  net?: object;
  host!: Host;
  turns = 0;
  /** Sum of everything. */
  total = 0;
  device: Device = new Device();
}

export const machine: Machine = new Machine();

/** The register that counts. */
export const COUNT = 3;
