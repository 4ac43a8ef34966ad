/** Reads the JSON of saved recordings, and refuses what is not as it should be. */
import {
  type SavedCheckpoint,
  type SavedEnd,
  SavedError,
  type SavedHead,
  type SavedMarks,
  type SavedMoment,
  type SavedReplay,
  VERSION,
} from './saved.ts';

type Fields = Readonly<Record<string, unknown>>;

function wrong(what: string): SavedError {
  return new SavedError(`the recording is damaged: ${what} is not as it should be`);
}

function object(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(what);
  }
  return value as Fields;
}

function parsed(json: Uint8Array, what: string): Fields {
  try {
    return object(JSON.parse(Buffer.from(json).toString('utf8')), what);
  } catch (e) {
    throw e instanceof SavedError ? e : wrong(what);
  }
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') {
    throw wrong(name);
  }
  return value;
}

/** A number from `least` on. */
function number(fields: Fields, name: string, least = 0): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isFinite(value) || value < least) {
    throw wrong(name);
  }
  return value;
}

function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value)) {
    throw wrong(name);
  }
  return value;
}

function texts(fields: Fields, name: string): string[] {
  return list(fields, name).map((value) => text({ [name]: value }, name));
}

function moment(value: unknown): SavedMoment {
  const fields = object(value, 'a moment');
  const last = fields['lastPacket'];
  const packet = last === null ? null : object(last, 'a packet');
  const captured = packet?.['captured'];
  return {
    tick: number(fields, 'tick'),
    // Below 0 is no probe, but a place between them.
    probe: number(fields, 'probe', -2),
    ns: number(fields, 'ns'),
    packets: number(fields, 'packets'),
    lastPacket: packet && {
      hex: text(packet, 'hex'),
      ...(captured === undefined ? {} : { captured: number(packet, 'captured') }),
    },
  };
}

function replay(value: unknown): SavedReplay | null {
  if (value === null) {
    return null;
  }
  const fields = object(value, 'the replay');
  return {
    sizes: list(fields, 'sizes').map((size) => number({ size }, 'size')),
    ...(fields['guest'] === undefined ? {} : { guest: text(fields, 'guest') }),
    checksums: text(fields, 'checksums') === 'keep' ? 'keep' : 'repair',
  };
}

export function parseHead(json: Uint8Array): SavedHead {
  const fields = parsed(json, 'its head');
  const version = number(fields, 'version');
  if (version !== VERSION) {
    throw new SavedError(`the recording is of version ${version}; this debugger reads version ${VERSION}`);
  }
  return {
    version,
    buildId: text(fields, 'buildId'),
    argv: texts(fields, 'argv'),
    seed: number(fields, 'seed'),
    nameservers: list(fields, 'nameservers').map((value) => {
      const address = object(value, 'a name server');
      const six = address['sin6_addr'];
      return {
        sa_family: number(address, 'sa_family'),
        sin_addr: number(address, 'sin_addr'),
        sin_port: number(address, 'sin_port'),
        sin6_addr: six === null ? null : Uint8Array.from(list({ six }, 'six').map((byte) => number({ byte }, 'byte'))),
        sun_path: text(address, 'sun_path'),
      };
    }),
    begun: number(fields, 'begun'),
    startTick: number(fields, 'startTick'),
    end: moment(fields['end']),
    replay: replay(fields['replay']),
  };
}

export function parseCheckpoint(json: Uint8Array): SavedCheckpoint {
  const fields = parsed(json, 'a checkpoint');
  return {
    number: number(fields, 'number'),
    turn: number(fields, 'turn'),
    tick: number(fields, 'tick'),
    nowNs: number(fields, 'nowNs'),
    logAt: number(fields, 'logAt'),
    frames: number(fields, 'frames'),
    frameHash: number(fields, 'frameHash', -(2 ** 31)),
    captured: number(fields, 'captured'),
    edge: text(fields, 'edge'),
    pages: list(fields, 'pages').map((page) => number({ page }, 'page')),
  };
}

export function parseMarks(json: Uint8Array): SavedMarks {
  const fields = parsed(json, 'the bookmarks');
  const pairs = (name: string): [unknown, SavedMoment][] =>
    list(fields, name).map((pair) => {
      const [key, at] = list({ pair }, 'pair');
      return [key, moment(at)];
    });
  return {
    bookmarks: pairs('bookmarks').map(([name, at]) => [text({ name }, 'name'), at] as const),
    checkpoints: pairs('checkpoints').map(([id, at]) => [number({ id }, 'id'), at] as const),
  };
}

export function parseEnd(json: Uint8Array): SavedEnd {
  const fields = parsed(json, 'its end');
  return { headAt: number(fields, 'headAt'), blocks: number(fields, 'blocks'), sum: text(fields, 'sum') };
}
