/** What a user of slirp passes in (libslirp's libslirp.h). */

/**
 * Receives the frames that slirp sends: `size` bytes of `buf`,
 * which is slirp's own memory and only valid during the call.
 */
export interface SlirpCb {
  readonly send_packet: (opaque: object, buf: Uint8Array, size: number) => void;
}

/**
 * Settings of a user network, with QEMU's defaults. IPv4 addresses are numbers in host byte order, IPv6 ones 16 bytes.
 */
export class SlirpConfig {
  /** The guest is isolated: only DHCP, TFTP, pings of the gateway, and forwarded ports work. */
  restricted = false;
  in_enabled = true;
  in6_enabled = true;
  /** 10.0.2.0/24, gateway 10.0.2.2. */
  vnetwork = 0x0a000200;
  vnetmask = 0xffffff00;
  vhost = 0x0a000202;
  /** fec0::/64, gateway fec0::2. */
  vprefix_addr6: Uint8Array = Uint8Array.of(0xfe, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  vprefix_len = 64;
  vhost6: Uint8Array = Uint8Array.of(0xfe, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
  /** Host name of the guest (DHCP option 12), at most 32 characters are used; '' leaves it out. */
  vhostname = '';
  /** DHCP option 66. */
  tftp_server_name = '';
  /** Directory that TFTP serves; '' serves none. */
  tftp_path = '';
  /** BOOTP's file name, shorter than 128 bytes. */
  bootfile = '';
  /** First of 16 addresses that DHCP gives out: 10.0.2.15. */
  vdhcp_start = 0x0a00020f;
  /** 10.0.2.3 and fec0::3. */
  vnameserver = 0x0a000203;
  vnameserver6: Uint8Array = Uint8Array.of(0xfe, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3);
  /** DHCP option 119. */
  vdnssearch: readonly string[] = [];
  /** DHCP option 15. */
  vdomainname = '';
  /** Largest IP packets to and from the guest, 68 to 65521; 0 is 1500. */
  if_mtu = 0;
  if_mru = 0;
  /** The gateway's address does not lead to the host's loopback. */
  disable_host_loopback = false;
  /**
   * Rewriting of protocols that carry addresses (ftp, irc, ...)
   * is not done here; the setting is accepted for compatibility.
   */
  enable_emu = false;
  /** The name server's address is an ordinary one. */
  disable_dns = false;
  disable_dhcp = false;
  /**
   * TCP's initial sequence numbers and the times of router advertisements follow libslirp's fixed order, for replays.
   */
  fixed_iss = false;
  /** Who connects keeps its address, 127/8 too: in replays nobody is on the host itself. */
  keep_peers = false;
}
