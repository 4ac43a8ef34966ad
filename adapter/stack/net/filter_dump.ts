/** `-object filter-dump` (net/dump.c): writes the packets of a netdev to a pcap file. */

import { machine } from '../softmmu/machine.ts';
import { iov_size, iov_to_buf, type iovec } from '../util/iov.ts';
import { option_error, type QemuOpts, qemu_opt_get, qemu_opt_get_number } from '../util/qemu-option.ts';
import { QEMU_CLOCK_VIRTUAL, qemu_clock_get_ns } from '../util/timer.ts';
import { type NetFilterInfo, NetFilterState } from './filter.ts';
import { NET_BUFSIZE, type NetClientState } from './net_client.ts';

const PCAP_MAGIC = 0xa1b2c3d4;
/** The header of a pcap file: version, longest packet, link type; and its length. */
const PCAP_VERSION_MAJOR = 4;
const PCAP_VERSION_MINOR = 6;
const PCAP_SNAPLEN = 16;
const PCAP_LINKTYPE = 20;
const PCAP_FILE_HDR = 24;
/** The header of a packet in it: time in seconds and microseconds, bytes kept, bytes there were; and its length. */
const PCAP_TS_SEC = 0;
const PCAP_TS_USEC = 4;
const PCAP_CAPLEN = 8;
const PCAP_LEN = 12;
const PCAP_PKT_HDR = 16;
const LINKTYPE_ETHERNET = 1;
/** Bytes of each packet that are kept without `maxlen`. */
const MAXLEN_DEFAULT = 65536;

/** The file of one filter. */
export class DumpState {
  readonly file: string;
  readonly pcap_caplen: number;
  /** Seconds since 1970 at which the virtual clock was 0. */
  readonly start_ts: number;
  readonly buf: Uint8Array = new Uint8Array(PCAP_PKT_HDR + NET_BUFSIZE);
  readonly view: DataView = new DataView(this.buf.buffer);
  constructor(file: string, caplen: number, start_ts: number) {
    this.file = file;
    this.pcap_caplen = caplen;
    this.start_ts = start_ts;
  }
}

/**
 * Writes a packet; it goes on its way.
 * @packet iov iovcnt
 */
export function filter_dump_receive_iov(
  nf: NetFilterState,
  _sender: NetClientState,
  _flags: number,
  iov: readonly iovec[],
  iovcnt: number,
): number {
  dump_receive_iov(nf.opaque as DumpState, iov, iovcnt);
  return 0;
}

/**
 * Writes a packet with its time.
 * @packet iov iovcnt
 */
export function dump_receive_iov(s: DumpState, iov: readonly iovec[], iovcnt: number): void {
  const size = iov_size(iov, iovcnt);
  const caplen = Math.min(size, s.pcap_caplen, NET_BUFSIZE);
  const us = Math.floor(qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) / 1000);
  s.view.setUint32(PCAP_TS_SEC, Math.floor(us / 1e6) + s.start_ts, true);
  s.view.setUint32(PCAP_TS_USEC, us % 1e6, true);
  s.view.setUint32(PCAP_CAPLEN, caplen, true);
  s.view.setUint32(PCAP_LEN, size, true);
  iov_to_buf(iov, iovcnt, 0, s.buf, PCAP_PKT_HDR, caplen);
  machine.host.write_file?.(s.file, false, s.buf, 0, PCAP_PKT_HDR + caplen);
}

const filter_dump_info: NetFilterInfo = {
  type: 'filter-dump',
  receive_iov: filter_dump_receive_iov,
  status_changed: null,
  cleanup: null,
};

/** `filter-dump,id=,netdev=,file=[,maxlen=]`. */
export function filter_dump_setup(opts: QemuOpts, id: string, nd: NetClientState, direction: number): NetFilterState {
  const file = qemu_opt_get(opts, 'file');
  if (file === '') {
    throw option_error(opts, "Parameter 'file' is missing");
  }
  const caplen = qemu_opt_get_number(opts, 'maxlen', MAXLEN_DEFAULT, 1, 0xffffffff);
  const s = new DumpState(file, caplen, machine.rtc_start);
  const header = new DataView(new ArrayBuffer(PCAP_FILE_HDR));
  header.setUint32(0, PCAP_MAGIC, true);
  header.setUint16(PCAP_VERSION_MAJOR, 2, true);
  header.setUint16(PCAP_VERSION_MINOR, 4, true);
  header.setUint32(PCAP_SNAPLEN, caplen, true);
  header.setUint32(PCAP_LINKTYPE, LINKTYPE_ETHERNET, true);
  machine.host.write_file?.(file, true, new Uint8Array(header.buffer), 0, PCAP_FILE_HDR);
  return new NetFilterState(id, filter_dump_info, nd, direction, s);
}
