/**
 * The requests behind the extension's views and guest console (types in custom.ts). They are answered while the machine
 * runs, too.
 */

import type { EngineApi } from '../engine/api.ts';
import { readNetworks } from '../inspect/connections.ts';
import { type Nic, nicElsewhere, nics, noNicText, Register } from '../inspect/nics.ts';
import { packetView } from '../inspect/packets.ts';
import { WORD } from '../inspect/register-notation.ts';
import { REGISTERS_BY_GROUP, type RegisterInfo, SINGLE_REGISTERS } from '../inspect/registers.ts';
import { packetDetails } from '../packets/details.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type {
  ConnectionsBody,
  DescriptorBody,
  PacketBody,
  RegisterDescription,
  RegisterLayout,
  RegistersBody,
  RingsBody,
} from './custom.ts';
import { readNumber } from './registers.ts';
import type { Family } from './request.ts';
import { readDescriptor, readRings } from './ring-view.ts';
import type { PacketSession } from './session.ts';

/** Elements of register arrays in one answer. */
const MAX_ELEMENTS = 4096;

export const viewRequests: Family = {
  'pktgdb/registerLayout': {
    handle: (): RegisterLayout => ({
      groups: REGISTERS_BY_GROUP.map(({ name, registers }) => ({ name, registers: registers.map(describe) })),
    }),
  },
  'pktgdb/registers': {
    atStop: true,
    handle: (session, args): RegistersBody => {
      const all = nics(session.engine);
      return {
        nics: all.map((nic) => ({
          name: nic.name,
          values: SINGLE_REGISTERS.map((info) => new Register(nic, info).value),
        })),
        ranges: args.objects('ranges').map((range) => rangeOf(all, range)),
        ...absent(session.engine),
      };
    },
  },
  'pktgdb/setRegister': {
    atStop: true,
    handle: (session, args) => setFromView(session, args),
    after: (session, ok) => {
      if (ok) {
        session.invalidate('variables');
      }
    },
  },
  'pktgdb/numbers': {
    handle: (session, args) => {
      const notation = args.string('notation');
      if (notation !== 'kind' && notation !== 'hex' && notation !== 'decimal') {
        throw new RequestError(`There is no notation ${JSON.stringify(notation)}: kind, hex or decimal expected.`);
      }
      session.numbers = notation;
    },
    after: (session, ok) => {
      if (ok) {
        session.invalidate('variables');
      }
    },
  },
  'pktgdb/packet': { atStop: true, handle: (session) => packetBody(session) },
  'pktgdb/rings': {
    atStop: true,
    handle: (session): RingsBody => ({ ...readRings(session.engine), ...absent(session.engine) }),
  },
  'pktgdb/descriptor': {
    atStop: true,
    handle: (session, args): DescriptorBody => readDescriptor(session.engine, args),
  },
  'pktgdb/connections': {
    handle: async (session): Promise<ConnectionsBody> => ({ networks: await readNetworks(session.engine) }),
  },
  'pktgdb/guestInput': { handle: (session, args) => session.engine.guestInput(args.string('text')) },
};

/** What the views say instead of a NIC that is elsewhere. */
function absent(engine: EngineApi): { readonly absent?: string } {
  return nicElsewhere(engine) ? { absent: noNicText(engine) } : {};
}

async function packetBody({ engine }: PacketSession): Promise<PacketBody> {
  const frames = engine.state === 'stopped' ? await engine.frames() : [];
  for (const { index } of frames) {
    const packet = await engine.packet(index);
    if (packet) {
      return { packet: { ...packetDetails(packetView(packet)), number: packet.known?.number ?? 0 } };
    }
  }
  return {};
}

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

async function setFromView(session: PacketSession, args: Arguments): Promise<void> {
  const name = args.string('nic');
  const nic = nics(session.engine).find((one) => one.name === name);
  const index = args.count('offset', 0) >> 2;
  if (nic?.registers[index] === undefined) {
    throw new RequestError(`There is no register at offset ${args.raw['offset']} of ${name}.`);
  }
  const value = args.string('value');
  const lsb = args.count('lsb', 0);
  const width = args.count('width', Math.max(0, WORD.width - lsb));
  if (!(await nic.store(index, readNumber(value), { lsb, width }))) {
    throw new RequestError(`${value} does not fit: there are ${width} bits.`);
  }
}
