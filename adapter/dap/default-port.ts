/** The default machine's forwarded port, which somebody else may have: a second session, an Android emulator. */
import { createServer } from 'node:net';
import { DEFAULT_ARGS } from '../commands/default-machine.ts';

const HOST = '127.0.0.1';
const PORT = 5555;

/** The default machine's options with a port that is free, and a line for the user if it is not the usual one. */
export async function freeDefault(): Promise<{ readonly args: readonly string[]; readonly said: string }> {
  if ((await listenable(PORT)) === PORT) {
    return { args: DEFAULT_ARGS, said: '' };
  }
  const port = await listenable(0);
  const args = DEFAULT_ARGS.map((word) => word.replace(`:${PORT}-`, `:${port}-`));
  return { args, said: `Port ${PORT} is taken; port ${port} leads to the guest's port 5556 instead.\n` };
}

/** The port that can be listened to: the given one, any for 0. -1: it is taken. */
function listenable(port: number): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(-1));
    server.listen({ host: HOST, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : -1));
    });
  });
}
