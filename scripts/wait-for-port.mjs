#!/usr/bin/env node
/** `wait-for-port.mjs PORT`: ends when something listens on that port of 127.0.0.1; fails after a minute. */
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const RETRY_MS = 200;
const LIMIT_MS = 60_000;
const port = Number(process.argv[2]);

/** True if a connection comes about. */
function listens() {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

const end = performance.now() + LIMIT_MS;
while (!(await listens())) {
  if (performance.now() > end) {
    process.stderr.write(`nothing listens on port ${port}\n`);
    process.exit(1);
  }
  await pause(RETRY_MS);
}
