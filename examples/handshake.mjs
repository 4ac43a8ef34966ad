/// <reference path="./pktgdb.d.ts" />
// What the first connection to the guest is, and where it arrives:
// pktgdb -r test/traces/02-hello.pcap -ex 'source examples/handshake.mjs'

// Decides in the machine's thread, at full speed: the arguments are variables and the packet.
const syn = await pktgdb.breakpoint('e1000_receive_iov', {
  stop: ({ iovcnt }, packet) => iovcnt === 1 && packet('tcp.flags.syn') === 1 && packet('tcp.dstport') === 5556,
});

await pktgdb.run('run');
const frames = await pktgdb.frames();
const packet = await pktgdb.packet();
pktgdb.print(`${packet['ip.src']} -> ${packet['ip.dst']}, port ${packet['tcp.dstport']}, ${frames.length} frames deep`);

const nc = await pktgdb.evaluate('nc');
if (typeof nc === 'object') {
  const { name } = await nc.children();
  pktgdb.print(`it is handed to ${name} (${nc.type})`);
}

await pktgdb.delete(syn.id);
await pktgdb.run('continue');
for (const { text } of await pktgdb.query('calls', 'tcp_connect')) {
  pktgdb.print(text);
}
