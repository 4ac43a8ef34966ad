/** Tools that begin and end sessions, say where to stop, and let the machine run forwards and backwards. */
import { z } from 'zod';
import type { AgentSession, AgentState } from '../agent-session.ts';
import { command, frameText, oneLine } from '../requests.ts';
import { stateOf, type Tool, type ToolAnswer, ToolError, tool } from '../tool.ts';

export const SESSION = z.string().describe('Id of the session, as "start" gave it.');

/** Seconds that a tool waits for the machine to stop, unless told otherwise. */
const SECONDS = 30;

const WAIT = z
  .number()
  .min(0)
  .max(300)
  .optional()
  .describe(`Seconds to wait for a stop (default ${SECONDS}); after that the answer says "running".`);

/** Where the machine stands now, with the innermost frames and what was printed meanwhile. */
export async function standing(session: AgentSession, state: AgentState): Promise<ToolAnswer> {
  const frames = state.state === 'stopped' ? await session.frames(3) : [];
  const printed = session.takeOutput();
  return {
    ...stateOf(session, state),
    stack: frames.map(frameText),
    ...(printed === '' ? {} : { data: { printed } }),
  };
}

const start = tool({
  name: 'start',
  title: 'Start a debug session',
  description:
    'Starts a session of the packet debugger and stops before the first statement. With "capture", ' +
    'the packets of that ' +
    'pcap or pcapng file are replayed through an emulated network path (slirp user network, QEMU ' +
    'net queues, e1000 NIC, ' +
    'guest), the same each time, and no network is touched. Without, a live machine with a small guest starts. ' +
    'Next: "stop_at" what is of interest, then "continue". A replay that ends stays, so that everything can be asked.',
  readOnly: true,
  input: z.object({
    capture: z.string().optional().describe('Path of a capture (.pcap, .pcapng, also .gz and .zst).'),
    guest: z.string().optional().describe('IP or MAC address of the host that plays the guest; the likeliest without.'),
    args: z.array(z.string()).optional().describe("QEMU's options of a live machine, such as -netdev user,id=n0,..."),
    guest_commands: z.array(z.string()).optional().describe('Lines typed on the console of the live guest.'),
    allow_changes: z
      .boolean()
      .optional()
      .describe('May change memory, registers, packets; only if the user allowed it.'),
  }),
  run: async (sessions, { capture, guest, args, guest_commands, allow_changes = false }) => {
    if (capture !== undefined && (args !== undefined || guest_commands !== undefined)) {
      throw new ToolError(
        'A capture brings its own machine and guest: "args" and "guest_commands" are for a live one.',
      );
    }
    const launch = {
      stopOnEntry: true,
      ...(capture === undefined ? {} : { trace: capture }),
      ...(guest === undefined ? {} : { traceGuest: guest }),
      ...(args === undefined ? {} : { args }),
      ...(guest_commands === undefined ? {} : { guestCommands: guest_commands }),
    };
    const session = await sessions.start(launch, allow_changes);
    return standing(session, session.state);
  },
});

/** The command that sets what is wanted; exactly one kind is. */
function stopCommand(a: Readonly<Record<string, string | number | undefined>>): string {
  const wanted: Readonly<Record<string, (value: string) => string>> = {
    function: (v) => `break ${v}`,
    line: (v) => `break ${v}`,
    packet_number: (v) => `break -packet ${v}`,
    packet_filter: (v) => `catch packet ${v}`,
    drop: (v) => `catch drop ${v}`.trimEnd(),
    divergence: (v) => `break divergence ${v}`.trimEnd(),
    register_or_variable: (v) => `watch ${v}`,
  };
  const given = Object.keys(wanted).filter((kind) => a[kind] !== undefined);
  if (given.length !== 1) {
    throw new ToolError(`Exactly one of ${Object.keys(wanted).join(', ')} has to be given.`);
  }
  const [kind = ''] = given;
  const value = oneLine(kind, String(a[kind]));
  if (value === '' && kind !== 'drop' && kind !== 'divergence') {
    throw new ToolError(`"${kind}" is empty.`);
  }
  const text = wanted[kind]?.(value) ?? '';
  const { condition } = a;
  if (condition === undefined) {
    return text;
  }
  if (kind === 'packet_filter') {
    throw new ToolError('A packet filter is a condition itself: write both with "&&" in "packet_filter".');
  }
  return `${text} if ${oneLine('condition', String(condition))}`;
}

const stopAt = tool({
  name: 'stop_at',
  title: 'Say where to stop',
  description:
    'Sets a breakpoint, catchpoint or watchpoint; give exactly one of function, line, packet_number, packet_filter, ' +
    'drop, divergence, register_or_variable. Functions have the names of QEMU, libslirp and Linux, such as ' +
    'e1000_receive_iov, tcp_input, slirp_input, ip_rcv.',
  readOnly: true,
  input: z.object({
    session: SESSION,
    function: z.string().optional().describe('Name of a function.'),
    line: z.string().optional().describe('FILE:LINE, such as slirp/tcp_input.ts:154.'),
    packet_number: z.number().int().min(1).optional().describe('Number of a packet of the capture, from 1.'),
    packet_filter: z.string().optional().describe('A Wireshark display filter, such as tcp.flags.reset == 1.'),
    drop: z.string().optional().describe('A reason such as RX_FILTER; "" for any packet that is dropped.'),
    divergence: z
      .string()
      .optional()
      .describe('"form", "different", "missing" or "extra": where the replay differs from the capture; "" for any.'),
    register_or_variable: z.string().optional().describe('What is watched for writes: $RDT, s->mac_reg[RDT].'),
    condition: z.string().optional().describe('An expression that must be true, such as $pkt.tcp.dstport == 80.'),
  }),
  run: async (sessions, { session: id, ...place }) => {
    const session = sessions.get(id);
    const text = await command(session, stopCommand(place));
    const number = /(?:point|watchpoint) (\d+)/.exec(text)?.[1];
    if (number === undefined) {
      throw new ToolError(text);
    }
    return { session: id, number: Number(number), set: text };
  },
});

const clearStop = tool({
  name: 'clear_stop',
  title: 'Remove a breakpoint',
  description: 'Removes what "stop_at" has set, by its number.',
  readOnly: true,
  input: z.object({ session: SESSION, number: z.number().int().min(1) }),
  run: async (sessions, { session: id, number }) => {
    const text = await command(sessions.get(id), `delete ${number}`);
    if (text !== '') {
      throw new ToolError(text);
    }
    return { session: id, removed: number };
  },
});

/** Requests by direction and distance. */
const STEPS = {
  forward: { stop: ['continue', {}], over: ['next', {}], into: ['stepIn', {}], out: ['stepOut', {}] },
  back: {
    stop: ['reverseContinue', {}],
    over: ['pktgdb/reverse', { kind: 'over' }],
    into: ['pktgdb/reverse', { kind: 'into' }],
    out: ['pktgdb/reverse', { kind: 'out' }],
  },
} as const;

const run = tool({
  name: 'continue',
  title: 'Run forwards or backwards',
  description:
    'Lets the machine run to the next stop, forward or back in time, or a step, and says where it ' +
    'stands then. A replay ' +
    'that has been played to its end stops there; its account is what was printed.',
  readOnly: true,
  input: z.object({
    session: SESSION,
    direction: z.enum(['forward', 'back']).optional().describe('Default forward.'),
    distance: z
      .enum(['stop', 'over', 'into', 'out'])
      .optional()
      .describe('To the next stop (default), or one step over, into or out of a function.'),
    wait_seconds: WAIT,
  }),
  run: async (sessions, { session: id, direction = 'forward', distance = 'stop', wait_seconds = SECONDS }) => {
    const session = sessions.get(id);
    await session.frames(1);
    const [request, args] = STEPS[direction][distance];
    const state = await session.run(request, { threadId: 1, ...args }, 1000 * wait_seconds);
    return standing(session, state);
  },
});

const pause = tool({
  name: 'pause',
  title: 'Stop a running machine',
  description: 'Stops the machine where it is, if "continue" has answered "running".',
  readOnly: true,
  input: z.object({ session: SESSION }),
  run: async (sessions, { session: id }) => {
    const session = sessions.get(id);
    if (session.state.state === 'running') {
      await session.port.request('pause', { threadId: 1 });
    }
    return standing(session, await session.settled(1000 * SECONDS));
  },
});

const goTo = tool({
  name: 'go_to_position',
  title: 'Travel in time',
  description:
    'Travels to a moment of the recorded history: a position TICK:PROBE as other tools give it, ' +
    '"packet N", "time 1.5", ' +
    '"50%", "start" or "end" (the present).',
  readOnly: true,
  input: z.object({ session: SESSION, position: z.string() }),
  run: async (sessions, { session: id, position }) => {
    const session = sessions.get(id);
    const moment = oneLine('position', position);
    return standing(session, await session.run('pktgdb/goTo', { moment }, 1000 * SECONDS));
  },
});

const change = tool({
  name: 'command',
  title: "Execute a debugger's command",
  description:
    "Executes a line in gdb's language, such as set var, guest ping 10.0.2.2, inject, edit, set link. It can change " +
    'the machine, so it works only in a session that was started with allow_changes.',
  readOnly: false,
  input: z.object({ session: SESSION, line: z.string() }),
  run: async (sessions, { session: id, line }) => {
    const session = sessions.get(id);
    if (!session.mayChange) {
      throw new ToolError('This session only reads: it was started without allow_changes.');
    }
    const printed = await command(session, oneLine('line', line));
    return { ...stateOf(session, session.state), data: { printed } };
  },
});

const list = tool({
  name: 'sessions',
  title: 'List the sessions',
  description: 'The sessions there are, and what state they are in.',
  readOnly: true,
  input: z.object({}),
  run: async (sessions) => ({ sessions: sessions.all.map((s) => stateOf(s, s.state)) }),
});

const end = tool({
  name: 'end',
  title: 'End a session',
  description: 'Ends a session and its machine.',
  readOnly: true,
  input: z.object({ session: SESSION }),
  run: async (sessions, { session: id }) => {
    await sessions.end(id);
    return { session: id, state: 'ended' };
  },
});

export const RUNNING_TOOLS: readonly Tool[] = [start, stopAt, clearStop, run, pause, goTo, change, list, end];
