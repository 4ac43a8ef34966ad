import assert from 'node:assert/strict';
import { RCTL, RDT, TCTL } from '../../adapter/stack/hw/net/e1000_regs.ts';
import { defaultPeer, dhcpReply, Lab, machine, parse, udp } from './lab.ts';

describe('guest: boot', () => {
  it('finds the NIC, gets an address and shows a prompt', () => {
    const lab = new Lab().boot();
    const lines = lab.host.console.split('\n').map((l) => l.replace(/^\[[^\]]*\] /, ''));
    assert.deepEqual(lines.slice(2), [
      'e1000: Intel(R) PRO/1000 Network Driver',
      'e1000 0000:00:03.0 eth0: (PCI:33MHz:32-bit) 52:54:00:12:34:56',
      'e1000 0000:00:03.0 eth0: Intel(R) PRO/1000 Network Connection',
      'e1000: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: None',
      'udhcpc: started, v1.36.1',
      'udhcpc: broadcasting discover',
      'udhcpc: broadcasting select for 10.0.2.15, server 10.0.2.2',
      'udhcpc: lease of 10.0.2.15 obtained from 10.0.2.2, lease time 86400',
      '~ # ',
    ]);
    assert.equal(machine.drops.total, 0);
  });

  it('programs the rings and the receiver', () => {
    new Lab().boot();
    const { mac_reg: macReg } = machine.nics[0]!;
    assert.equal(macReg[RCTL]! & 0x8002, 0x8002, 'RCTL: EN and BAM');
    assert.equal(macReg[TCTL]! & 0xa, 0xa, 'TCTL: EN and PSP');
    assert.ok(macReg[RDT]! > 0, 'the receive ring has buffers');
  });

  it('sends DISCOVER three times, then gives up and shows the prompt', () => {
    const lab = new Lab(() => {}).boot();
    assert.equal(lab.host.console.match(/broadcasting discover/g)?.length, 3);
    assert.match(lab.host.console, /udhcpc: no lease, failing\n~ # $/);
    assert.equal(lab.host.now_ns, 9e9);
  });

  it('starts again after a NAK', () => {
    let refused = false;
    const lab = new Lab((l, f) => {
      const p = parse(f);
      if (p?.dport === 67 && p.data[242] === 3 && !refused) {
        refused = true;
        const nak = dhcpReply(p.data).slice(42, 42 + 548);
        nak[242] = 6;
        l.toGuest(udp(0x0a000202, 67, 0xffffffff, 68, nak));
        return;
      }
      defaultPeer(l, f);
    }).boot();
    assert.match(lab.host.console, /received DHCP NAK\nudhcpc: broadcasting discover\n/);
    assert.match(lab.host.console, /lease of 10\.0\.2\.15 obtained/);
  });

  it('ignores DHCP messages for others and malformed ones', () => {
    const lab = new Lab((l, f) => {
      const p = parse(f);
      if (p?.dport === 67) {
        const reply = dhcpReply(p.data).slice(42, 42 + 548);
        for (const [at, value] of [
          [0, 1],
          [5, 1],
          [30, 9],
          [236, 0],
          [241, 255],
        ] as const) {
          const bad = reply.slice();
          bad[at] = bad[at]! ^ value || value;
          l.toGuest(udp(0x0a000202, 67, 0xffffffff, 68, bad));
        }
        l.toGuest(udp(0x0a000202, 67, 0xffffffff, 68, reply.slice(0, 100)));
      }
      defaultPeer(l, f);
    }).boot();
    assert.match(lab.host.console, /lease of 10\.0\.2\.15 obtained/);
  });
});
