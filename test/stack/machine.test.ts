/**
 * The machine from its command line: options and their errors, topologies, and the call chain of a forwarded
 * connection.
 */
import assert from 'node:assert/strict';
import { handle_hmp_command } from '../../adapter/stack/monitor/hmp.ts';
import type { NetClientInfo } from '../../adapter/stack/net/net_client.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { main } from '../../adapter/stack/softmmu/main.ts';
import { sockaddr_in } from '../../adapter/stack/util/sockets.ts';
import { SEED_FRAMES } from '../kit/seed.ts';
import { FakeHost, resetMachine } from './harness.ts';

/** Runs `main` with options until the machine has nothing to do. */
function run(options: string, host = new FakeHost([[{ type: 'quit' }]])): { code: number; host: FakeHost } {
  resetMachine(host);
  const argv = options.split(' ').filter((w) => w !== '');
  return { code: main(argv.length, argv, host), host };
}

/** The error line of a wrong command line. */
function errorOf(options: string, host?: FakeHost): string {
  const r = run(options, host);
  assert.equal(r.code, 1, `${options} is refused`);
  const errors = r.host.reports.filter((l) => l.startsWith('error: '));
  assert.equal(errors.length, 1);
  return errors[0]!.slice('error: '.length);
}

const NONE = '-guest none';

describe('machine: options', () => {
  it('takes what real command lines have', () => {
    const r = run(
      `${NONE} -accel tcg -machine pc -cpu max -smp 2 -m 2G -name test,debug-threads=on` +
        ' -display none -nographic -monitor stdio -serial mon:stdio' +
        ' -netdev user,id=user.0,hostfwd=tcp:127.0.0.1:0-:5556 -device e1000,netdev=user.0,mac=52:54:00:aa:bb:cc',
    );
    assert.equal(r.code, 0);
    assert.deepEqual(r.host.reports, [
      'warning: -m: the machine uses 1024 MiB of the 2048 MiB',
      'info: hostfwd tcp 127.0.0.1:40000 -> 10.0.2.15:5556',
    ]);
  });

  const wrong: readonly (readonly [string, RegExp])[] = [
    ['-netdv user,id=a', /^-netdv: invalid option \(did you mean .*-netdev.*known: -chardev/],
    ['disk.img', /^disk\.img: a disk image is of no use here.*known: /],
    ['-netdev', /^-netdev: requires an argument$/],
    ['-m lots', /^-m lots: invalid memory size 'lots', expected such as 16, 64M or 1G/],
    ['-guest linux', /unknown guest 'linux'; known: builtin, trace, none/],
    ['-netdev user', /^-netdev user: Parameter 'id' is missing$/],
    ['-netdev usr,id=a', /'type' expects a netdev backend type, not 'usr'; known: user, hubport/],
    ['-netdev user,id=a,foo=1', /^-netdev user,id=a,foo=1: Invalid parameter 'foo'; known: type, id, ipv4/],
    ['-netdev user,id=a -netdev user,id=a', /Duplicate ID 'a' for netdev/],
    ['-netdev user,id=1', /Parameter 'id' expects an identifier/],
    ['-device e1000,netdev=b -netdev user,id=a', /Property 'e1000.netdev' can't find value 'b'; known: a/],
    ['-netdev user,id=a -device e1000,netdev=a -device e1000,netdev=a', /can't take value 'a', it's in use/],
    ['-device rtl8139', /'rtl8139' is not a valid device model name; known: e1000/],
    ['-device e1000,foo=1', /Property 'e1000.foo' not found; known: acpi-index, addr, .*netdev/],
    ['-device e1000,mac=1:2', /Property 'e1000.mac' doesn't take value '1:2', expected such as/],
    ['-device e1000,mac=', /Property 'e1000.mac' doesn't take value ''/],
    ['-device e1000,netdev=', /Property 'e1000.netdev' can't find value ''/],
    ['-device e1000,bus=zz', /Bus 'zz' not found; known: pci.0/],
    ['-device e1000,addr=zz', /Property 'e1000.addr' doesn't take value 'zz'/],
    ['-device e1000,addr=20', /Property 'e1000.addr' doesn't take value '20'/],
    ['-device e1000,addr=3.8', /Property 'e1000.addr' doesn't take value '3.8'/],
    ['-device e1000,addr=0', /PCI: slot 0 function 0 not available for e1000, in use by i440FX,id=\(null\)$/],
    ['-device e1000,mitigation=maybe', /Parameter 'mitigation' expects 'on' or 'off'/],
    ['-device e1000,bootindex=x', /Parameter 'bootindex' expects integer/],
    ['-device e1000,bootindex=1 -device e1000,bootindex=1', /The bootindex 1 has already been used/],
    ['-device e1000,acpi-index=99999999', /acpi-index should be less or equal to 16383/],
    ['-device e1000,acpi-index=1 -device e1000,acpi-index=1', /a PCI device with acpi-index = 1 already exist/],
    ['-device e1000,romsize=3', /ROM size 3 is not a power of two/],
    ['-device e1000,failover_pair_id=x', /failover primary device must be on PCIExpress bus/],
    ['-device e1000,id=a -device e1000,id=a', /Duplicate ID 'a' for device/],
    ['-device e1000,addr=4.1 -device e1000,addr=4', /PCI: 4.0 indicates single function, but 4.1 is already populated/],
    ['-device e1000,addr=4 -device e1000,addr=4.1', /PCI: single function device can't be populated in function 4.1/],
    ['-device e1000,mac=01:00:00:00:00:01', /multicast/],
    [
      '-device e1000,addr=3 -device e1000,addr=3',
      /slot 3 function 0 not available for e1000, in use by e1000,id=\(null\)$/,
    ],
    ['-netdev hubport,id=h', /Parameter 'hubid' is missing/],
    ['-netdev user,id=a,restrict=maybe', /Parameter 'restrict' expects 'on' or 'off', not 'maybe'/],
    ['-netdev user,id=a,ipv4=off,ipv6=off', /IPv4 and IPv6 disabled/],
    ['-netdev user,id=a,ipv4=off,net=10.0.0.0/8', /IPv4 disabled but netmask\/host\/dns provided/],
    ['-netdev user,id=a,net=10.0.2.0/3', /Invalid netmask provided \(must be in range 4-32\)/],
    ['-netdev user,id=a,net=ten', /Failed to parse network address net='ten'/],
    ['-netdev user,id=a,host=10.0.3.2', /Host doesn't belong to network/],
    ['-netdev user,id=a,dns=10.0.2.2', /DNS must be different from host/],
    ['-netdev user,id=a,restrict=on,dns=8.8.8.8', /DNS doesn't belong to network/],
    ['-netdev user,id=a,dhcpstart=10.0.2.3', /DHCP must be different from host and DNS/],
    ['-netdev user,id=a,ipv6-net=fec0::/127', /IPv6 prefix length must be between 0 and 126/],
    ['-netdev user,id=a,ipv6-host=fec1::2', /IPv6 Host doesn't belong to network/],
    ['-netdev user,id=a,domainname=', /'domainname' parameter cannot be empty/],
    [`-netdev user,id=a,hostname=${'x'.repeat(256)}`, /'hostname' parameter cannot exceed 255 bytes/],
    ['-netdev user,id=a,hostfwd=5555', /Invalid host forwarding rule '5555' \(No : separators\)/],
    ['-netdev user,id=a,hostfwd=sctp::1-:1', /\(Bad protocol name\)/],
    ['-netdev user,id=a,hostfwd=tcp::x-:1', /\(Bad host port\)/],
    ['-netdev user,id=a,hostfwd=tcp:a:1-:1', /\(Bad host address\)/],
    ['-netdev user,id=a,hostfwd=tcp::1-:0', /\(Bad guest port\)/],
    ['-netdev user,id=a,hostfwd=tcp::1-b:1', /\(Bad guest address\)/],
    ['-netdev user,id=a,hostfwd=tcp::1', /\(Bad host port separator\)/],
    ['-netdev user,id=a,hostfwd=unix:sock-:1', /\(Bad socket path, expected an absolute one\)/],
    [
      '-netdev user,id=a,guestfwd=tcp:10.0.2.4:80-dev',
      /Invalid guest forwarding rule .*expected guestfwd=\[tcp\]:\[server\]:port-TARGET/,
    ],
    ['-netdev user,id=a,guestfwd=tcp:10.0.2.2:80-cmd:cat', /Conflicting\/invalid host:port in guest forwarding rule/],
  ];
  for (const [options, message] of wrong) {
    it(`refuses ${options.slice(0, 70)}`, () => {
      assert.match(errorOf(`${NONE} ${options}`), message);
    });
  }

  it("takes every property that QEMU's e1000 has", () => {
    const props =
      'acpi-index=5,addr=6.1,autonegotiation=off,bootindex=-1,bus=pci.0,extra_mac_registers=off,init-vet=off,' +
      'mac=52:54:00:aa:bb:cc,migrate_tso_props=off,mitigation=off,multifunction=on,rombar=0,romfile=,romsize=65536,' +
      'x-pcie-extcap-init=on,x-pcie-lnksta-dllla=on,id=nic7';
    const r = run(`${NONE} -device e1000,${props}`);
    assert.deepEqual([r.code, r.host.reports], [0, ['warning: nic nic7 has no peer']]);
    const s = machine.nics[0]!;
    assert.deepEqual([s.parent_obj.devfn, s.mitigation, s.autonegotiation], [0x31, false, false]);
  });

  it('puts functions beside each other in a slot', () => {
    const r = run(`${NONE} -device e1000,addr=4,multifunction=on -device e1000,addr=4.1 -device e1000,addr=4.7`);
    assert.equal(r.code, 0);
    assert.deepEqual(
      machine.nics.map((s) => s.parent_obj.devfn),
      [0x20, 0x21, 0x27],
    );
    assert.equal(machine.nics[0]!.parent_obj.config[0x0e], 0x80);
  });

  it('says which forwarded port is in use', () => {
    const host = new FakeHost();
    host.onListen = () => ({ errno: 'EADDRINUSE', port: 0 });
    assert.equal(
      errorOf(`${NONE} -netdev user,id=n0,hostfwd=tcp::5555-:5556`, host),
      '-netdev user,id=n0,hostfwd=tcp::5555-:5556: ' +
        "Could not set up host forwarding rule 'tcp::5555-:5556': the port is in use (EADDRINUSE)",
    );
  });

  it('derives addresses from net=', () => {
    run(`${NONE} -netdev user,id=a,net=192.168.76.0/24,dhcpstart=192.168.76.9 -device e1000,netdev=a`);
    const s = machine.slirps[0]!;
    assert.deepEqual([s.vhost_addr, s.vnameserver_addr, s.vdhcp_startaddr], [0xc0a84c02, 0xc0a84c03, 0xc0a84c09]);
  });
});

describe('machine: topologies', () => {
  const info = (options: string): string => {
    run(`${NONE} ${options}`);
    return handle_hmp_command('info network');
  };
  const NIC = 'index=0,type=nic,model=e1000,macaddr=52:54:00:12:34:56';
  const USER = 'index=0,type=user,net=10.0.2.0,restrict=off';

  it('-netdev and -device are joined by a hub', () => {
    assert.equal(
      info('-netdev user,id=user.0 -device e1000,netdev=user.0'),
      `hub 0\n \\ hub0port1: user.0: ${USER}\n \\ hub0port0: e1000.0: ${NIC}\n`,
    );
  });

  it('-nic, and no option at all, link directly', () => {
    const text = `e1000.0: ${NIC}\n \\ user.0: ${USER}\n`;
    assert.equal(info('-nic user'), text);
    assert.equal(info(''), text);
    assert.equal(info('-nodefaults'), '');
  });

  it('-net nic -net user and explicit hub ports make hubs', () => {
    assert.match(info('-net nic -net user'), /^hub 0\n \\ hub0port1: user\.0: .*\n \\ hub0port0: e1000\.0: /);
    assert.match(
      info(
        '-netdev user,id=u -netdev hubport,id=p0,hubid=3,netdev=u' +
          ' -netdev hubport,id=p1,hubid=3 -device e1000,netdev=p1',
      ),
      /^hub 3\n \\ p1: e1000\.0: .*\n \\ p0: u: .*\n$/,
    );
  });

  it('several NICs get their own addresses and places', () => {
    run(`${NONE} -nic user -nic user`);
    assert.deepEqual(
      machine.nics.map((s) => [
        s.nic.nc.name,
        s.macaddr[5],
        s.parent_obj.devfn >> 3,
        s.parent_obj.io_regions.map((r) => r?.addr)[0],
      ]),
      [
        ['e1000.0', 0x56, 3, 0xfebc0000],
        ['e1000.1', 0x57, 4, 0xfeba0000],
      ],
    );
  });

  it('warns of what nothing is linked to', () => {
    assert.deepEqual(run(`${NONE} -netdev user,id=a -device e1000`).host.reports, [
      'warning: netdev a has no peer',
      'warning: nic e1000.0 has no peer',
    ]);
  });
});

describe('monitor', () => {
  it('answers as an input, and knows what it does not know', () => {
    const line = (id: number, text: string) => ({ type: 'monitor', id, line: text }) as const;
    const host = new FakeHost([
      [line(1, 'info usernet'), line(2, 'frobnicate'), line(3, 'info x'), line(4, 'help')],
      [{ type: 'quit' }],
    ]);
    run(`${NONE} -netdev user,id=net0,hostfwd=tcp::5555-:5556 -device e1000,netdev=net0`, host);
    const usernet = host.replies.get(1)!.split('\n');
    assert.equal(usernet[0], 'Hub 0 (net0):');
    assert.equal(usernet[1], '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ');
    assert.match(usernet[2]!, /^ {2}TCP\[HOST_FORWARD\] +\d+ +\* +5555 +10\.0\.2\.15 +5556 +0 +0$/);
    assert.equal(host.replies.get(2), "unknown command: 'frobnicate'\n");
    assert.equal(host.replies.get(3), "unknown command: 'info x'\n");
    assert.match(host.replies.get(4)!, /^info \[subcommand\] -- show various information/m);
  });

  it('adds and removes forwarded ports', () => {
    run(`${NONE} -nic user`);
    assert.equal(handle_hmp_command('hostfwd_add tcp::6666-:80'), '');
    assert.equal(handle_hmp_command('hostfwd_remove tcp::6666'), 'host forwarding rule for tcp::6666 removed\n');
    assert.equal(handle_hmp_command('hostfwd_remove tcp::6666'), 'host forwarding rule for tcp::6666 not found\n');
    assert.equal(handle_hmp_command('hostfwd_remove x'), 'invalid format\n');
    assert.equal(handle_hmp_command('hostfwd_add nope tcp::1-:1'), "unrecognized netdev id 'nope'\n");
    run(`${NONE} -nodefaults`);
    assert.equal(handle_hmp_command('hostfwd_add tcp::1-:1'), 'user mode network stack not in use\n');
  });
});

describe('machine: a forwarded connection', () => {
  it('reaches e1000_receive_iov through 25 frames, from main up', () => {
    const host = new FakeHost();
    host.deadlineNs = 60e9;
    const chains: string[][] = [];
    let connected = false;
    host.onPoll = () => {
      if (!host.console.includes('10.0.2.15') && host.now_ns < 30e9) {
        return [];
      }
      if (!connected) {
        connected = true;
        watchNic(chains);
        const listener = host.calls.find((c) => c.call === 'listen')!.fd;
        return [{ type: 'accepted', fd: 1000, listener, peer: sockaddr_in(0x7f000001, 50000) }];
      }
      return chains.length > 0 ? [{ type: 'quit' }] : [];
    };
    const r = run('-netdev user,id=user.0,hostfwd=tcp::5555-:5556 -device e1000,netdev=user.0', host);
    assert.equal(r.code, 0);
    assert.deepEqual(chains[0], SEED_FRAMES);
  });
});

/** Notes the call chain of each frame that the NIC gets from now on. */
function watchNic(chains: string[][]): void {
  const nc = machine.nics[0]!.nic.nc as { info: NetClientInfo };
  const info = nc.info;
  nc.info = {
    ...info,
    receive_iov: function e1000_receive_iov(c, iov, iovcnt) {
      const limit = Error.stackTraceLimit;
      Error.stackTraceLimit = 100;
      const stack = new Error().stack!.split('\n').slice(1);
      Error.stackTraceLimit = limit;
      const names = stack.map((l) => /at (?:Object\.|async )?(\S+) \(/.exec(l)?.[1] ?? '');
      chains.push(names.slice(0, names.indexOf('main') + 1));
      return info.receive_iov!(c, iov, iovcnt);
    },
  };
}
