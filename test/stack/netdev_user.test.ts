/**
 * Every parameter of `-netdev user`, right and wrong, against the recorded answers of QEMU; and those against QEMU
 * itself where there is one.
 */
import assert from 'node:assert/strict';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { main } from '../../adapter/stack/softmmu/main.ts';
import { AF_UNIX, SOCK_STREAM } from '../../adapter/stack/util/host.ts';
import { FakeHost, resetMachine } from './harness.ts';
import { ask, expand, type Row, rows, shape } from './netdev_user.ts';
import { isRecordedQemu, Qemu } from './qemu.ts';

describe('-netdev user: parameters', () => {
  for (const { params, ours } of rows()) {
    it(`${ours.ok ? 'takes' : 'refuses'} ${params.slice(0, 90)}`, () => {
      assert.deepEqual(ask(params), ours);
    });
  }

  it('differs from QEMU only where it says so', () => {
    const why = (row: Row): string => /mtu=|\[::1\]|-cmd:|-null|-tcp:|-chardev:/.exec(row.params)?.[0] ?? row.params;
    const different = rows().filter((r) => r.ours.ok !== r.qemu.ok);
    assert.deepEqual(new Set(different.map(why)), new Set(['mtu=', '[::1]', '-cmd:', '-null', '-tcp:', '-chardev:']));
  });

  it('are in effect', () => {
    const host = new FakeHost([[{ type: 'quit' }]]);
    resetMachine(host);
    const text =
      'user,id=n,net=10.9.0.0/16,host=10.9.0.1,dns=10.9.0.2,dhcpstart=10.9.0.50,ipv6-net=fd00:1::/48,hostname=g,' +
      'domainname=d.org,tftp=/srv,tftp-server-name=t,bootfile=b,mtu=1400,restrict=on,dnssearch=a.org,dnssearch=b.org';
    assert.equal(main(0, ['-guest', 'none', '-netdev', text], host), 0);
    const s = machine.slirps[0]!;
    assert.deepEqual(
      [s.vnetwork_addr, s.vnetwork_mask, s.vhost_addr, s.vnameserver_addr, s.vdhcp_startaddr],
      [0x0a090000, 0xffff0000, 0x0a090001, 0x0a090002, 0x0a090032],
    );
    assert.deepEqual([s.if_mtu, s.if_mru, s.restricted, s.vprefix_len], [1400, 1400, true, 48]);
    assert.deepEqual([...s.vhost_addr6], [0xfd, 0, 0, 1, ...new Array<number>(11).fill(0), 2]);
    assert.deepEqual(Buffer.from(s.vdnssearch), Buffer.from('w\x0b\x01a\x03org\0\x01b\xc0\x02', 'latin1'));
  });

  it('-redir and -net user are the old spellings', () => {
    const host = new FakeHost([[{ type: 'quit' }]]);
    resetMachine(host);
    const argv = [
      '-guest',
      'none',
      '-net',
      'nic',
      '-net',
      'user',
      '-redir',
      'tcp:5555::5556',
      '-redir',
      'udp:53:10.0.2.9:53',
    ];
    assert.equal(main(0, argv, host), 0);
    assert.deepEqual(host.reports, [
      'info: hostfwd tcp 0.0.0.0:5555 -> 10.0.2.15:5556',
      'info: hostfwd udp 0.0.0.0:53 -> 10.0.2.9:53',
    ]);
  });

  for (const [redir, wrong] of [
    ['tcp:x::80', 'Bad host port'],
    ['tcp:1:x:80', 'Bad guest address'],
    ['tcp:1::', 'Bad guest port'],
    ['icmp:1::80', 'Bad rule'],
  ] as const) {
    it(`-redir ${redir} is refused`, () => {
      const host = new FakeHost();
      resetMachine(host);
      assert.equal(main(0, ['-guest', 'none', '-redir', redir, '-nic', 'user'], host), 1);
      assert.deepEqual(host.reports, [
        `error: -redir ${redir}: Invalid host forwarding rule '${redir}' (${wrong}), ` +
          'expected [tcp|udp]:hostport:[guestaddr]:guestport',
      ]);
    });
  }
});

describe('-netdev user: smb', () => {
  /** Starts a network with a share on a host whose Samba answers `errno`. */
  function share(params: string, errno: string): { host: FakeHost; code: number } {
    const host = new FakeHost([[{ type: 'quit' }]]);
    resetMachine(host);
    host.onListen = (type, addr) => {
      assert.deepEqual([type, addr.sa_family, addr.sun_path], [SOCK_STREAM, AF_UNIX, 'smb:/my share']);
      return { errno, port: 0 };
    };
    return { host, code: main(0, ['-guest', 'none', '-nic', `user,${params}`], host) };
  }

  it('forwards ports 139 and 445 of x.x.x.4, or of smbserver=, to the server of the directory', () => {
    for (const [params, addr] of [
      ['smb=/my share', 0x0a000204],
      ['smb=/my share,smbserver=10.0.2.9', 0x0a000209],
    ] as const) {
      assert.equal(share(params, '').code, 0);
      const list = machine.slirps[0]!.guestfwd_list;
      assert.deepEqual(
        list.map((f) => [f.ex_addr, f.ex_fport, f.ex_target.sun_path]),
        [139, 445].map((port) => [addr, port, 'smb:/my share']),
      );
    }
  });

  for (const [params, errno, message] of [
    [
      'smb=/my share',
      'ENOPKG',
      "smb= needs Samba: could not find 'smbd', please install it (PKTGDB_SMBD may name the program)",
    ],
    ['smb=/my share', 'ENOENT', "Error accessing shared directory smb='/my share': No such file or directory"],
    ['smb=/my share', 'EACCES', "Error accessing shared directory smb='/my share': Permission denied"],
    ['smb=/my share', 'ENOTDIR', "Error accessing shared directory smb='/my share': Not a directory"],
    [
      'smb=/my share,smbserver=10.0.3.9',
      '',
      'Conflicting/invalid smbserver address: the address 10.0.3.9 is not in the network',
    ],
    [
      'smb=/my share,smbserver=10.0.2.2',
      '',
      "Conflicting/invalid smbserver address: the address 10.0.2.2 is the gateway's or the name server's",
    ],
  ] as const) {
    it(`refuses ${params} (${errno || 'address'})`, () => {
      const { host, code } = share(params, errno);
      assert.equal(code, 1);
      assert.deepEqual(host.reports, [`error: -nic user,${params}: ${message}`]);
    });
  }
});

describe('-netdev user: QEMU itself', () => {
  it('answers as recorded', async function () {
    this.timeout(120_000);
    if (!isRecordedQemu()) {
      this.skip();
    }
    let qemu = await Qemu.start('-chardev', 'null,id=cd0');
    for (const [n, { params, qemu: expected }] of rows().entries()) {
      const named = expand(params).replace(/\bid=n\b/, `id=n${n}`);
      const said = (await qemu.hmp(`netdev_add ${named}`)).trim().replace(/^Error: /, '');
      const network = await qemu.hmp('info network');
      const made = shape(network, await qemu.hmp('info usernet'), params);
      const text = expected.ok ? `${made}${said === '' ? '' : ` ${said}`}` : said.replaceAll('\nError: ', '; ');
      assert.equal(text, expand(expected.text), params);
      const [id] = /^\S+(?=: index)/m.exec(network) ?? [];
      if (id !== undefined && expected.ok) {
        await qemu.hmp(`netdev_del ${id}`);
      } else if (id !== undefined) {
        // Half made: what it forwards would be in the way.
        await qemu.stop();
        qemu = await Qemu.start('-chardev', 'null,id=cd0');
      }
    }
    await qemu.stop();
  });
});
