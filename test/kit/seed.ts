/**
 * The session that everything is judged by: a host connects to a forwarded port, and its first packet stops at the NIC.
 */

/** Its machine; the host's port is free to choose. */
export const SEED_ARGS: readonly string[] = [
  '-netdev',
  'user,id=user.0,hostfwd=tcp:127.0.0.1:0-:5556',
  '-device',
  'e1000,netdev=user.0',
];

/** What the guest runs. */
export const SEED_LISTEN = 'nc -l -v -p 5556 > hello.txt';

/** What the host sends. */
export const SEED_TEXT = 'Hello qemu Geust\n';

/** The call stack of the first packet, innermost first. */
export const SEED_FRAMES: readonly string[] = [
  'e1000_receive_iov',
  'qemu_deliver_packet_iov',
  'qemu_net_queue_deliver_iov',
  'qemu_net_queue_send_iov',
  'qemu_sendv_packet_async',
  'qemu_sendv_packet',
  'net_hub_receive_iov',
  'net_hub_port_receive_iov',
  'qemu_deliver_packet_iov',
  'qemu_net_queue_deliver',
  'qemu_net_queue_send',
  'qemu_send_packet_async_with_flags',
  'qemu_send_packet_async',
  'qemu_send_packet',
  'slirp_output',
  'if_encap',
  'if_start',
  'if_output',
  'ip_output',
  'tcp_output',
  'tcp_connect',
  'slirp_pollfds_poll',
  'main_loop_wait',
  'main_loop',
  'main',
];
