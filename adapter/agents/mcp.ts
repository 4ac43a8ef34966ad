/** The Model Context Protocol on stdin and stdout: coding agents debug packets with it. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { Engine } from '../engine/engine.ts';
import { GdbInterpreter } from '../gdb/interpreter.ts';
import { startInProcess } from './in-process.ts';
import { Sessions } from './sessions.ts';
import { callTool, DATA_NOTICE, TOOLS } from './tools.ts';

const INSTRUCTIONS =
  'A GDB for packets: replays captures through, or runs live, an emulated network path (slirp, QEMU net queues, ' +
  'e1000, a guest) that can be stopped, looked into, asked about its whole past, and rewound. Typical: start with a ' +
  'capture, ' +
  `stop_at a packet_filter or a drop, continue, look at packet and stack, last_write of a register. ${DATA_NOTICE}`;

export interface McpOptions {
  readonly version: string;
  /** The user allows sessions that change the machine. */
  readonly allowChanges: boolean;
}

/** Serves until the client closes stdin or stdout. Resolves to the exit code. */
export async function serveMcp({ version, allowChanges }: McpOptions): Promise<number> {
  // stdout belongs to the protocol: whatever is printed inside goes to stderr.
  console.log = console.info = console.debug = console.error;
  const log = (text: string): unknown => process.stderr.write(`pktgdb: ${text}\n`);
  const sessions = new Sessions(
    (launch) =>
      startInProcess(
        {
          createEngine: () => Engine.create(),
          createInterpreter: (engine, write, row) => new GdbInterpreter(engine, { write, row, waitForStops: false }),
          log,
        },
        launch,
      ),
    () => allowChanges,
  );
  const server = new McpServer({ name: 'pktgdb', version }, { instructions: INSTRUCTIONS });
  for (const tool of TOOLS) {
    const { name, title, description, input, readOnly } = tool;
    const annotations = { title, readOnlyHint: readOnly, destructiveHint: !readOnly, openWorldHint: false };
    server.registerTool(name, { title, description, inputSchema: input.shape, annotations }, async (args) => {
      const { ok, answer } = await callTool(sessions, tool, args);
      const text = JSON.stringify(answer, null, 1);
      return { content: [{ type: 'text', text }], structuredContent: answer, ...(ok ? {} : { isError: true }) };
    });
  }
  const closed = new Promise<void>((resolve) => {
    server.server.onclose = resolve;
    process.stdin.once('end', resolve).once('close', resolve);
    // Nobody reads the answers any more.
    process.stdout.on('error', () => resolve());
    process.stderr.on('error', () => undefined);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve());
    }
  });
  await server.connect(new StdioServerTransport());
  await closed;
  await sessions.endAll();
  return 0;
}
