/**
 * The requests behind the extension's views and guest console (types in custom.ts).
 * They are answered while the machine runs, too.
 */

import { type Nic, nics } from '../inspect/nics.ts';
import { E1000_REGISTERS, type RegisterInfo } from '../stack/hw/net/e1000_regs.ts';
import { type Arguments, RequestError } from './arguments.ts';
import { readConnections } from './connections.ts';
import type {
  ConnectionsBody,
  DescriptorBody,
  RegisterDescription,
  RegisterLayout,
  RegistersBody,
  RingsBody,
} from './custom.ts';
import { parseNumber, setRegister } from './registers.ts';
import type { Family } from './request.ts';
import { readDescriptor, readRings } from './ring-view.ts';
import type { PacketSession } from './session.ts';

/** Elements of register arrays in one answer. */
const MAX_ELEMENTS = 4096;

/** Registers in groups, in the order of the manual's table. */
const GROUPS = [...new Set(E1000_REGISTERS.map(({ group }) => group))].map((name) => ({
  name,
  registers: E1000_REGISTERS.filter(({ group }) => group === name),
}));
const SINGLE = GROUPS.flatMap(({ registers }) => registers).filter(({ count }) => count === 1);

export const viewRequests: Family = {
  'pktgdb/registerLayout': {
    handle: (): RegisterLayout => ({
      groups: GROUPS.map(({ name, registers }) => ({ name, registers: registers.map(describe) })),
    }),
  },
  'pktgdb/registers': {
    handle: (session, args): RegistersBody => {
      const all = nics(session.engine);
      return {
        nics: all.map(({ name, registers }) => ({
          name,
          values: SINGLE.map(({ offset }) => registers[offset >> 2] ?? 0),
        })),
        ranges: args.objects('ranges').map((range) => rangeOf(all, range)),
      };
    },
  },
  'pktgdb/setRegister': {
    handle: (session, args) => setFromView(session, args),
    after: (session, ok) => {
      if (ok) {
        session.invalidate('variables');
      }
    },
  },
  'pktgdb/rings': { handle: (session): RingsBody => readRings(session.engine) },
  'pktgdb/descriptor': { handle: (session, args): DescriptorBody => readDescriptor(session.engine, args) },
  'pktgdb/connections': { handle: (session): Promise<ConnectionsBody> => readConnections(session.engine) },
  'pktgdb/guestInput': { handle: (session, args) => session.engine.guestInput(args.string('text')) },
};

function describe({ group: _group, width: _width, ...rest }: RegisterInfo): RegisterDescription {
  return rest;
}

function rangeOf(all: readonly Nic[], range: Arguments): number[] {
  const nic = all.find(({ name }) => name === range.string('nic'));
  const [offset, stride, count] = [range.count('offset', 0), range.count('stride', 4), range.count('count', 0)];
  return nic === undefined
    ? []
    : Array.from({ length: Math.min(count, MAX_ELEMENTS) }, (_, i) => nic.registers[(offset + i * stride) >> 2] ?? 0);
}

function setFromView(session: PacketSession, args: Arguments): void {
  const name = args.string('nic');
  const nic = nics(session.engine).find((one) => one.name === name);
  const index = args.count('offset', 0) >> 2;
  const old = nic?.registers[index];
  if (nic === undefined || old === undefined) {
    throw new RequestError(`There is no register at offset ${args.raw['offset']} of ${name}.`);
  }
  const value = parseNumber(args.string('value'));
  const lsb = args.count('lsb', 0);
  const width = args.count('width', 32);
  if (value >= 2 ** width) {
    throw new RequestError(`${args.string('value')} does not fit: there are ${width} bits.`);
  }
  const before = Math.floor(old / 2 ** lsb) % 2 ** width;
  setRegister({ nic, index }, name, old + (value - before) * 2 ** lsb);
}
