/** passt's command line in the words of `-netdev user`. */
import assert from 'node:assert/strict';
import { parsePasst } from '../../adapter/passt/options.ts';
import { machineArgs } from '../../adapter/qemu/link.ts';

const user = (...argv: string[]): readonly string[] => parsePasst(argv).user;

describe("passt's options", () => {
  it('are those of QEMU, which runs the program', () => {
    const request = parsePasst(['--quiet', '--mtu', '1400', '--address', '10.1.2.50', '--pid', '/run/p', '--fd', '3']);
    assert.deepEqual(request, {
      fd: 3,
      socket: undefined,
      oneOff: true,
      foreground: false,
      quiet: true,
      stderr: false,
      pidFile: '/run/p',
      logFile: undefined,
      pcap: undefined,
      user: ['net=10.1.2.50/24', 'dhcpstart=10.1.2.50', 'mtu=1400'],
    });
  });

  it('are those of libvirt, with a socket', () => {
    const words =
      '--one-off --socket /run/p.sock --pid /run/p.pid --log-file /log ' +
      '--address 192.168.7.9 --netmask 16 --tcp-ports 2222:22';
    const { socket, oneOff, logFile, user: network } = parsePasst(words.split(' '));
    assert.deepEqual([socket, oneOff, logFile], ['/run/p.sock', true, '/log']);
    assert.deepEqual(network, ['net=192.168.7.9/16', 'dhcpstart=192.168.7.9', 'hostfwd=tcp::2222-:22']);
  });

  it('may be letters, with the value behind or beside', () => {
    assert.deepEqual(user('-4', '-g10.9.0.1', '-a', '10.9.0.5/16', '-D', '10.9.0.3', '-S', 'a.example', '-H', 'box'), [
      'ipv6=off',
      'net=10.9.0.5/16',
      'host=10.9.0.1',
      'dhcpstart=10.9.0.5',
      'dns=10.9.0.3',
      'dnssearch=a.example',
      'hostname=box',
    ]);
    assert.deepEqual(user('--fqdn=box.b.example'), ['hostname=box', 'domainname=b.example']);
  });

  it('forward lists, ranges, mappings, without what is left out', () => {
    assert.deepEqual(user('-t', '22,80-82:8080-8082,~81'), [
      'hostfwd=tcp::22-:22',
      'hostfwd=tcp::80-:8080',
      'hostfwd=tcp::82-:8082',
    ]);
    assert.deepEqual(user('-u', '127.0.0.1/53:5353'), ['hostfwd=udp:127.0.0.1:53-:5353']);
    assert.deepEqual(user('-t', '::1/22'), ['hostfwd=tcp:[::1]:22-:22']);
    assert.deepEqual(user('-t', 'none'), []);
  });

  it('are written as getopt_long reads them', () => {
    const {
      quiet,
      foreground,
      fd,
      user: words,
    } = parsePasst(['-qf', '-F3', '--mt', '1400', '--host=box', '-4n16', '-g', '10.9.0.1']);
    assert.deepEqual([quiet, foreground, fd], [true, true, 3]);
    assert.deepEqual(words, ['ipv6=off', 'net=10.9.0.1/16', 'host=10.9.0.1', 'mtu=1400', 'hostname=box']);
  });

  for (const [argv, why] of [
    ['--vhost-user', /^--vhost-user: vhost-user is not spoken here/],
    ['--no-dhcp', /^--no-dhcp: the user network always answers DHCP/],
    ['-i eth0', /^-i: the user network takes no interface/],
    ['--migrate-exit', /^--migrate-exit: connections do not move to another host$/],
    ['--migrate-no-linger', /^--migrate-no-linger: connections do not move/],
    ['--netmask 255.0.255.0', /^--netmask: "255.0.255.0" is neither a mask without holes nor the length of a prefix/],
    ['-n 255.255.256.0', /^-n: .* neither/],
    ['-n 33', /^-n: .* neither/],
    ['-a 10.9.0.5/33', /^-a: "33" is neither/],
    ['--no', /^--no: could be --no-map-gw, /],
    ['-qx', /^-qx: no option of passt's$/],
    ['--nonsense', /^--nonsense: no option of passt's$/],
    ['--__proto__', /^--__proto__: no option/],
    ['word', /^word: no option/],
    ['--address', /^--address: needs a value$/],
    ['--address fe80::1', /^--address: takes an IPv4 address/],
    ['--fd x', /^--fd: takes the number of an open socket, not "x"$/],
    ['--quiet=1', /^--quiet=1: --quiet takes no value$/],
    ['-t all', /^-t: "all" would take ports/],
    ['-t 0', /^-t: "0" is no port from 1 to 65535/],
    ['-t 22:1-2', /^-t: "22:1-2": as many ports of the guest as of the host$/],
    ['-t 1-65535', /^-t: 65535 ports are more than the 4096/],
    ['-t ~22', /^-t: "~22" leaves ports out, and names none/],
    ['-4 -6', /only one of them$/],
    ['--fd 3 --socket /x', /the guest is at one of them$/],
  ] as const) {
    it(`refuses ${argv} by its name`, () => {
      assert.throws(() => parsePasst(argv.split(' ')), { name: 'PasstOptionError', message: why });
    });
  }

  it('make a machine that has its guest at an open socket', () => {
    assert.deepEqual(
      machineArgs({ user: ['mtu=1400'] }, [{ address: { kind: 'fd', fd: 3 }, qmp: undefined }]).slice(2),
      [
        '-netdev',
        'user,id=user.0,mtu=1400',
        '-netdev',
        'hubport,id=port.user.0,hubid=0,netdev=user.0',
        '-netdev',
        'stream,id=qemu.0,addr.type=fd,addr.str=3',
        '-netdev',
        'hubport,id=port.qemu.0,hubid=0,netdev=qemu.0',
      ],
    );
  });
});
