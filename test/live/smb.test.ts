/** `smb=DIR`: the system's Samba shares a directory with the guest; and what is said without Samba. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { findSmbd, SmbShares } from '../../adapter/host/smb.ts';
import { tempFolder } from '../kit/temp.ts';
import { LiveMachine } from './machine.ts';

/** An SMB2 NEGOTIATE request for the dialects 2.0.2 and 2.1 behind its length (MS-SMB2, 2.2.1, 2.2.3). */
function negotiate(): Buffer {
  const message = Buffer.alloc(64 + 36 + 4);
  message.write('\xfeSMB', 'latin1');
  message.writeUInt16LE(64, 4);
  message.writeUInt16LE(1, 14);
  message.writeUInt16LE(36, 64);
  message.writeUInt16LE(2, 66);
  message.writeUInt16LE(1, 68);
  message.fill(7, 76, 92);
  message.writeUInt16LE(0x0202, 100);
  message.writeUInt16LE(0x0210, 102);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

/** A name that would say something to a careless writer of smb.conf. */
const NASTY = 'share\n[evil]\npath = .. %u ; # "x" \\';

describe('smb: a directory for the guest', function () {
  this.timeout(60_000);
  const { TMPDIR, PKTGDB_SMBD } = process.env;
  let home: string;
  let dir: string;

  before(() => {
    home = tempFolder();
    dir = join(home, NASTY);
    mkdirSync(dir);
    mkdirSync(join(home, 'tmp'));
    process.env['TMPDIR'] = join(home, 'tmp');
  });
  afterEach(() => {
    if (PKTGDB_SMBD === undefined) {
      delete process.env['PKTGDB_SMBD'];
    }
  });
  after(() => {
    if (TMPDIR === undefined) {
      delete process.env['TMPDIR'];
    } else {
      process.env['TMPDIR'] = TMPDIR;
    }
  });

  /** What the shares of this process have written. */
  const left = (): string[] => readdirSync(join(home, 'tmp')).filter((n) => n.startsWith('pktgdb-'));

  it("the guest's request reaches smbd, and smbd's answer the guest; nothing is left behind", async function () {
    if (findSmbd() === null) {
      this.skip();
    }
    const web = createHttpServer((_request, response) => response.end(negotiate())).listen(0, '127.0.0.1');
    const sink = createServer().listen(0, '127.0.0.1');
    await Promise.all([once(web, 'listening'), once(sink, 'listening')]);
    const answer = once(sink, 'connection').then(([s]) => buffer(s as Socket));
    const m = await LiveMachine.start({ user: `smb=${dir}` });
    const port = (s: typeof web | typeof sink): number => (s.address() as AddressInfo).port;
    m.type(`wget -q -O - http://10.0.2.2:${port(web)}/ | nc 10.0.2.4 445 | nc 10.0.2.2 ${port(sink)}`);
    const bytes = await answer;
    assert.equal(bytes.subarray(4, 8).toString('latin1'), '\xfeSMB');
    assert.equal(bytes.readUInt32LE(4 + 8), 0, 'status');
    assert.equal(bytes.readUInt16LE(4 + 64 + 4), 0x0210, 'the better dialect');
    assert.equal(left().length, 1);
    await m.stop();
    assert.deepEqual(left(), []);
    web.close();
    sink.close();
  });

  it('no name of a directory adds to the configuration', () => {
    process.env['PKTGDB_SMBD'] = process.execPath;
    const shares = new SmbShares();
    assert.equal(shares.open(4, dir), '');
    const conf = readFileSync(join(home, 'tmp', left()[0]!, 'smb.conf'), 'utf8');
    assert.doesNotMatch(conf, /evil|%|;|#/);
    assert.deepEqual(conf.match(/^\[.*\]$/gm), ['[global]', '[qemu]']);
    assert.deepEqual(conf.match(/^path = .*$/gm), [`path = ${join(home, 'tmp', left()[0]!, 'share')}`]);
    shares.close(4);
    assert.deepEqual(left(), []);
  });

  it('what cannot be shared is refused, with its reason', () => {
    process.env['PKTGDB_SMBD'] = process.execPath;
    const shares = new SmbShares();
    writeFileSync(join(home, 'file'), '');
    assert.equal(shares.open(4, join(home, 'nothing')), 'ENOENT');
    assert.equal(shares.open(4, join(home, 'file')), 'ENOTDIR');
    process.env['PKTGDB_SMBD'] = '/nonexistent/smbd';
    assert.equal(shares.open(4, dir), 'ENOPKG');
    assert.deepEqual(left(), []);
  });

  for (const [what, share, smbd, message] of [
    ['without Samba', '.', '/nonexistent/smbd', "smb= needs Samba: could not find 'smbd', please install it"],
    [
      'a directory that is not there',
      '/nonexistent',
      process.execPath,
      "Error accessing shared directory smb='/nonexistent': No such file",
    ],
  ] as const) {
    it(`the machine says so and ends: ${what}`, () => {
      const program = join(import.meta.dirname, '../../dist/pktgdb-machine.js');
      const r = spawnSync(process.execPath, [program, '-guest', 'none', '-nic', `user,smb=${share}`], {
        env: { ...process.env, PKTGDB_SMBD: smbd },
        encoding: 'utf8',
      });
      assert.equal(r.status, 1);
      assert.ok(r.stderr.includes(`pktgdb-machine: -nic user,smb=${share}: ${message}`), r.stderr);
    });
  }
});
