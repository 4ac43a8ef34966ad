/** The command line (softmmu/vl.c), in QEMU's spelling. */
import { netfilter_object_add } from '../net/filter_init.ts';
import {
  net_check_clients,
  net_client_init,
  net_param_client,
  net_param_nic,
  qdev_device_add,
} from '../net/net_init.ts';
import { net_slirp_redir } from '../net/slirp.ts';
import { edit_distance } from '../util/near.ts';
import { OptionError, qemu_opt_get, qemu_opts_parse } from '../util/qemu-option.ts';
import { machine } from './machine.ts';

/** Options that are done here. All take a value but `nodefaults`. */
const OPTIONS: readonly string[] = [
  'chardev',
  'device',
  'guest',
  'm',
  'name',
  'net',
  'netdev',
  'nic',
  'nodefaults',
  'object',
  'qtest',
  'redir',
  'rtc',
];

/** QEMU's options with a value that make no difference to this machine. */
const IGNORED_WITH_VALUE: readonly string[] =
  `M L accel acpitable action add-fd append audio audiodev bios blockdev boot cdrom cpu d D debugcon compat dfilter
   display drive dtb dump-vmstate echr fda fdb fsdev fw_cfg hda hdb hdc hdd icount initrd iscsi k kernel machine
   mem-path mon monitor msg mtdblock option-rom numa overcommit parallel pflash pidfile plugin qtest-log run-with
   sandbox sd seed rotate serial smbios smp spice tpmdev trace usbdevice uuid vga virtfs vnc watchdog
   watchdog-action`.split(/\s+/);

/** QEMU's options without a value that make no difference. */
const IGNORED: readonly string[] =
  `S async-teardown daemonize enable-kvm enable-sync-profile full-screen mem-prealloc no-acpi no-fd-bootchk no-hpet
   no-quit no-reboot no-shutdown nographic no-user-config only-migratable portrait singlestep snapshot usb
   win2k-hack`.split(/\s+/);

/** QEMU's options that ask for what this machine cannot do, and what to do instead. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  chroot: 'the machine stays where it is; start it there',
  gdb: 'there is no processor to debug; pktgdb -- OPTIONS debugs the network',
  global: 'give the property to -device itself',
  incoming: 'there is no migration',
  loadvm: 'there are no snapshots',
  qmp: 'there is no QMP; -monitor has the human monitor',
  'qmp-pretty': 'there is no QMP; -monitor has the human monitor',
  readconfig: 'give the options on the command line',
  runas: 'start the machine as that user',
  s: 'there is no processor to debug; pktgdb -- OPTIONS debugs the network',
  set: 'give the property to -device or -netdev itself',
  writeconfig: 'there is no configuration to write',
  'xen-attach': 'there is no Xen',
  'xen-domid': 'there is no Xen',
  'xen-domid-restrict': 'there is no Xen',
};

/** Kinds of guests. */
const GUESTS: readonly string[] = ['builtin', 'trace', 'none'];

const MIB = 1024 * 1024;
/** Memory without `-m`, in bytes; the least there may be, and the most this machine uses. */
const RAM_DEFAULT = 16 * MIB;
const RAM_MIN = MIB;
/** QEMU's memory comes in multiples of this. */
const RAM_UNIT = 8192;
export const RAM_MAX = 1024 * MIB;

/** What the command line asks for. */
export class MachineOptions {
  ram_size = RAM_DEFAULT;
  /** Bytes asked for with `-m` when that is more than the machine uses, else 0. */
  ram_asked = 0;
  /** Empty: not given. */
  guest = '';
  /** Seconds since 1970 at which the machine's clock starts. */
  rtc_start = 0;
  /** The test protocol drives the machine. */
  qtest = false;
  nodefaults = false;
  /** Options that make net clients and filters, in order. */
  readonly net: { readonly flag: string; readonly value: string }[] = [];
}

/** Most edits between a wrong word and one that is suggested for it. */
const NEAR = 2;

/** Why an option is not known, with what is. */
function unknown_option(word: string): OptionError {
  const known = OPTIONS.map((o) => `-${o}`).join(', ');
  if (!word.startsWith('-')) {
    return new OptionError(`${word}: a disk image is of no use here, and this is no option; known: ${known}`);
  }
  const name = word.replace(/^--?/, '');
  if (Object.hasOwn(UNSUPPORTED, name)) {
    return new OptionError(`${word}: not supported: ${UNSUPPORTED[name]}`);
  }
  const near = [...OPTIONS, ...IGNORED_WITH_VALUE, ...IGNORED].filter(
    (o) => edit_distance(o, name) <= NEAR && o.length > 2,
  );
  const hint = near.length > 0 ? ` (did you mean ${near.map((o) => `-${o}`).join(', ')}?)` : '';
  return new OptionError(
    `${word}: invalid option${hint}; known: ${known}; QEMU's display, disk and CPU options are ignored`,
  );
}

/** Bytes of `-m SIZE[K|M|G][,...]` or `-m size=...`; plain numbers are MiB. */
function parse_ram_size(value: string): number {
  const text = qemu_opt_get(qemu_opts_parse('-m', value, 'size'), 'size');
  const m = /^(\d+(?:\.\d+)?)([kmgt]?)b?$/i.exec(text);
  const unit = { k: 1024, '': MIB, m: MIB, g: 1024 * MIB, t: MIB * MIB }[m?.[2]?.toLowerCase() ?? ''] ?? MIB;
  const bytes = m ? Math.floor(Number(m[1]) * unit) : Number.NaN;
  if (!(bytes >= RAM_MIN)) {
    throw new OptionError(`-m ${value}: invalid memory size '${text}', expected such as 16, 64M or 1G (at least 1M)`);
  }
  return Math.ceil(bytes / RAM_UNIT) * RAM_UNIT;
}

/** Seconds since 1970 of a date and time in UTC. */
function mktimegm(year: number, month: number, day: number, seconds: number): number {
  // Years begin in March here, so that the leap day is the last one.
  const y = month > 2 ? year : year - 1;
  const era = Math.floor(y / 400);
  const yoe = y - era * 400;
  const doy = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const doe = yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy;
  return (era * 146097 + doe - 719468) * 86400 + seconds;
}

/**
 * The start that `-rtc base=2006-06-17T16:01:21` sets (UTC), in seconds since 1970. A machine that is given no date
 * starts at 0.
 */
function parse_rtc(value: string): number {
  const base = qemu_opt_get(qemu_opts_parse('-rtc', value, ''), 'base', 'utc');
  if (base === 'utc' || base === 'localtime') {
    return 0;
  }
  const m = /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?:T([01]\d|2[0-3]):([0-5]\d):([0-5]\d))?$/.exec(base);
  if (!m) {
    throw new OptionError(
      `-rtc ${value}: invalid datetime '${base}', expected such as 2006-06-17T16:01:21 or 2006-06-17`,
    );
  }
  const seconds = Number(m[4] ?? 0) * 3600 + Number(m[5] ?? 0) * 60 + Number(m[6] ?? 0);
  return mktimegm(Number(m[1]), Number(m[2]), Number(m[3]), seconds);
}

/** One option with a value. */
function parse_option(o: MachineOptions, name: string, value: string): void {
  switch (name) {
    case 'm': {
      const bytes = parse_ram_size(value);
      o.ram_size = Math.min(bytes, RAM_MAX);
      o.ram_asked = bytes > RAM_MAX ? bytes : 0;
      break;
    }
    case 'guest':
      if (!GUESTS.includes(value)) {
        throw new OptionError(`-guest ${value}: unknown guest '${value}'; known: ${GUESTS.join(', ')}`);
      }
      o.guest = value;
      break;
    case 'qtest':
      o.qtest = true;
      break;
    case 'rtc':
      o.rtc_start = parse_rtc(value);
      break;
    case 'chardev':
    case 'device':
    case 'object':
    case 'net':
    case 'netdev':
    case 'nic':
    case 'redir':
      o.net.push({ flag: `-${name}`, value });
      break;
    default:
      // -name: there is no window to show it.
      break;
  }
}

/** Reads the command line. `argv[0]` is the program unless it is an option. Throws an OptionError for what is wrong. */
export function qemu_parse_args(argv: readonly string[]): MachineOptions {
  const o = new MachineOptions();
  const words = argv.length > 0 && !argv[0]!.startsWith('-') ? argv.slice(1) : argv;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const name = word.replace(/^--?/, '');
    if (!word.startsWith('-') || name === '') {
      throw unknown_option(word);
    }
    if (name === 'nodefaults') {
      o.nodefaults = true;
    } else if (IGNORED.includes(name)) {
      // Nothing to do.
    } else if (OPTIONS.includes(name) || IGNORED_WITH_VALUE.includes(name)) {
      const value = words[++i];
      if (value === undefined) {
        throw new OptionError(`${word}: requires an argument`);
      }
      parse_option(o, name, value);
    } else {
      throw unknown_option(word);
    }
  }
  if (o.guest === '') {
    o.guest = o.qtest ? 'none' : 'builtin';
  }
  if (o.net.every((n) => ['-chardev', '-object', '-redir'].includes(n.flag)) && !o.nodefaults) {
    o.net.push({ flag: '-nic', value: 'user' });
  }
  return o;
}

/**
 * Makes the net clients: chardevs, backends, then NICs, as QEMU does, so that their order on the command line does not
 * matter.
 */
export function net_init_clients(o: MachineOptions): void {
  for (const { flag, value } of o.net) {
    if (flag === '-chardev') {
      machine.net.chardevs.push(qemu_opts_parse(flag, value, 'backend'));
    }
  }
  for (const { flag, value } of o.net) {
    if (flag === '-netdev') {
      net_client_init(qemu_opts_parse(flag, value, 'type'));
    }
  }
  for (const { flag, value } of o.net) {
    if (flag === '-nic') {
      net_param_nic(qemu_opts_parse(flag, value, 'type'));
    } else if (flag === '-net') {
      net_param_client(qemu_opts_parse(flag, value, 'type'));
    }
  }
  for (const { flag, value } of o.net) {
    if (flag === '-device') {
      // Real QEMU links the two directly; the debugger's machine puts a hub between them.
      qdev_device_add(qemu_opts_parse(flag, value, 'driver'), !o.qtest);
    }
  }
  for (const { flag, value } of o.net) {
    if (flag === '-redir') {
      net_slirp_redir(value);
    }
  }
  net_check_clients();
  for (const { flag, value } of o.net) {
    if (flag === '-object') {
      netfilter_object_add(qemu_opts_parse(flag, value, 'qom-type'));
    }
  }
}
