/** Guests stand still while the machine does, if their QEMU answers QMP; here a server plays its part. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { QemuGuests } from '../../adapter/qemu/guests.ts';
import { tempFolder } from '../kit/temp.ts';
import { soon, until } from '../kit/until.ts';

const GREETING = '{"QMP": {"version": {"qemu": {"major": 7}}, "capabilities": []}}\r\n';

/** QEMU's part: answers commands, and keeps their names. */
class Qmp {
  readonly commands: string[] = [];
  greets = true;
  readonly path: string;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  constructor(path: string, answer: (execute: string, id: unknown) => string) {
    this.path = path;
    this.#server = createServer((socket) => {
      this.#clients.add(socket);
      socket.on('error', () => undefined);
      if (this.greets) {
        socket.write(GREETING);
      }
      let text = '';
      socket.on('data', (data) => {
        text += data.toString();
        for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
          const { execute, id } = JSON.parse(text.slice(0, end)) as { execute: string; id: unknown };
          text = text.slice(end + 1);
          this.commands.push(execute);
          socket.write(`{"timestamp": {}, "event": "STOP"}\r\n${answer(execute, id)}\r\n`);
        }
      });
    });
  }

  async listen(): Promise<this> {
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
    return this;
  }

  greet(): void {
    this.#clients.forEach((socket) => void socket.write(GREETING));
  }

  hangUp(): void {
    this.#clients.forEach((socket) => void socket.destroy());
    this.#clients.clear();
  }

  async close(): Promise<void> {
    this.hangUp();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

const fine = (_execute: string, id: unknown): string => JSON.stringify({ return: {}, id });

describe('guests in QEMU', () => {
  let folder: string;
  let servers: Qmp[];
  let n = 0;

  before(() => {
    folder = tempFolder();
  });
  beforeEach(() => {
    servers = [];
  });
  afterEach(() => Promise.all(servers.map((s) => s.close())));

  async function qmp(answer = fine): Promise<Qmp> {
    const server = await new Qmp(join(folder, `qmp${n++}`), answer).listen();
    servers.push(server);
    return server;
  }

  it('stand still and go on with the machine', async () => {
    const server = await qmp();
    const guests = new QemuGuests([server.path]);
    assert.equal(await guests.running(), 1);
    guests.stops();
    assert.equal(await guests.running(), 0);
    guests.goesOn();
    guests.stops();
    guests.goesOn();
    assert.equal(await guests.running(), 1);
    assert.deepEqual(server.commands.slice(0, 3), ['qmp_capabilities', 'query-status', 'stop']);
    assert.equal(server.commands.at(-1), 'cont');
    guests.end();
  });

  it('are told again by another connection when one is lost', async () => {
    const server = await qmp();
    const guests = new QemuGuests([server.path]);
    guests.stops();
    assert.equal(await guests.running(), 0);
    server.hangUp();
    guests.goesOn();
    await guests.running();
    guests.stops();
    assert.equal(await guests.running(), 0);
    assert.ok(server.commands.filter((c) => c === 'qmp_capabilities').length > 1);
    guests.end();
  });

  it('that stand still by somebody else do so until that one has them go on', async () => {
    const server = await qmp((execute, id) =>
      JSON.stringify({ return: execute === 'query-status' ? { status: 'paused', running: false } : {}, id }),
    );
    const guests = new QemuGuests([server.path]);
    guests.stops();
    assert.equal(await guests.running(), 0);
    guests.goesOn();
    assert.equal(await guests.running(), 1);
    guests.end();
    await guests.running();
    assert.deepEqual(server.commands, ['qmp_capabilities', 'query-status']);
  });

  it('are told as soon as QEMU has time, which serves one client of QMP after the other', async () => {
    const server = await qmp();
    server.greets = false;
    const guests = new QemuGuests([server.path]);
    guests.stops();
    assert.equal(await guests.running(), 1);
    guests.goesOn();
    server.greet();
    await until(() => server.commands.length > 0, 'it goes on with the greeting');
    guests.stops();
    assert.equal(await guests.running(), 0);
    guests.end();
  });

  it('run on where nobody answers, or with an error', async () => {
    const refusing = await qmp((execute, id) =>
      execute === 'stop' ? JSON.stringify({ error: { class: 'GenericError', desc: 'no' }, id }) : fine(execute, id),
    );
    const odd = await qmp((execute, id) =>
      execute === 'stop' ? `[]\n7\n"x"\n{\n${fine(execute, id)}` : fine(execute, id),
    );
    const guests = new QemuGuests([refusing.path, join(folder, 'nobody'), undefined, odd.path]);
    guests.stops();
    assert.equal(await guests.running(), 3);
    guests.end();
  });

  it('end with the machine if they were started for it, in a terminal of somebody else too', async () => {
    const server = await qmp();
    const lines: string[] = [];
    const sockets = { netdev: 'stream,id=n0', qmp: server.path, serial: join(folder, 'serial') };
    const start = { command: 'qemu -serial null', sockets, run: (line: string) => void lines.push(line) };
    const guests = new QemuGuests([server.path], start);
    guests.up({ console: () => undefined, report: () => undefined });
    assert.match(lines.join(), /qemu -serial null -netdev stream,id=n0 /);
    guests.end();
    assert.ok(await soon(() => server.commands.at(-1) === 'quit', 5_000), server.commands.join());
  });

  it('say whether what is typed comes to their serial port', async () => {
    const serial = join(folder, 'console');
    let typed = '';
    const console = createServer((socket) => socket.on('data', (data) => (typed += String(data)))).listen(serial);
    const start = (command: string) => ({
      command,
      sockets: { netdev: 'stream,id=n0', qmp: join(folder, 'none'), serial },
      run: () => undefined,
    });
    const out = { console: () => undefined, report: () => undefined };
    const guests = new QemuGuests([], start('qemu'));
    guests.up(out);
    assert.equal(guests.type('too early'), false);
    await until(() => guests.type('x'), 'it is there');
    await until(() => typed === 'x', 'it comes');
    const elsewhere = new QemuGuests([], start('qemu -nographic'));
    elsewhere.up(out);
    assert.equal(elsewhere.type('x'), false);
    assert.equal(new QemuGuests([undefined]).type('x'), false);
    guests.end();
    assert.equal(guests.type('x'), false);
    console.close();
  });

  it('go on when the machine ends', async () => {
    const server = await qmp();
    const guests = new QemuGuests([server.path]);
    guests.stops();
    await guests.running();
    guests.end();
    assert.ok(await soon(() => server.commands.at(-1) === 'cont', 5_000));
  });
});
