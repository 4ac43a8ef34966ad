/** The options of QEMU's that a machine takes, ignores and refuses. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { qemu_parse_args } from '../../adapter/stack/softmmu/vl.ts';
import { OptionError } from '../../adapter/stack/util/qemu-option.ts';

/** Options with which people start QEMU, and that make no difference here. */
const IGNORED =
  `-nographic|-display none|-accel tcg|-accel kvm|-accel qtest|-machine q35|-machine pc,accel=tcg|-M none|-enable-kvm|
  -cpu host,+aes|-smp 4,cores=2|-bios /dev/null|-L /nowhere|-vga none|-serial mon:stdio|-parallel none|
  -no-reboot|-no-shutdown|-S|-name vm,debug-threads=on|-daemonize|-pidfile /run/vm|
  -kernel bzImage|-append console=ttyS0|-initrd rd.gz|-boot order=n|
  -drive file=disk.qcow2,if=virtio|-hda disk.img|-cdrom x.iso|-snapshot|
  -usb|-uuid 1-2|-vnc :0|-spice port=1|-monitor stdio|-mon chardev=c|-k de|-icount shift=auto|
  -d int|-D log|-trace events=x|-watchdog-action none|-no-acpi|-no-hpet|-only-migratable|-sandbox on|
  -smbios type=0|-fw_cfg name=opt/x,string=y|-mem-path /dev/shm|-mem-prealloc|-overcommit mem-lock=off|
  -numa node|-object rng-random,id=r|-msg timestamp=on|-seed 1`
    .split('|')
    .map((o) => o.trim());

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['-gdb tcp::1234', /^-gdb: not supported: there is no processor to debug; pktgdb -- OPTIONS debugs the network$/],
  ['-s', /^-s: not supported: there is no processor/],
  ['-qmp stdio', /^-qmp: not supported: there is no QMP; -monitor has the human monitor$/],
  ['-incoming defer', /^-incoming: not supported: there is no migration$/],
  ['-loadvm x', /^-loadvm: not supported/],
  ['-readconfig f', /^-readconfig: not supported: give the options on the command line$/],
  ['-global e1000.mitigation=off', /^-global: not supported: give the property to -device itself$/],
  ['-runas nobody', /^-runas: not supported/],
  ['-frobnicate', /^-frobnicate: invalid option; known: -chardev, -device/],
  ['-devic e1000', /^-devic: invalid option \(did you mean -device/],
  ['disk.img', /^disk\.img: a disk image is of no use here/],
  ['-cpu', /^-cpu: requires an argument$/],
];

describe("QEMU's options", () => {
  for (const options of IGNORED) {
    it(`takes ${options}`, () => {
      const words = options.split(' ');
      for (const dashes of ['', '-']) {
        const o = qemu_parse_args(['pktgdb', `${dashes}${words[0]}`, ...words.slice(1), '-netdev', 'user,id=a']);
        assert.deepEqual(o.net.at(-1), { flag: '-netdev', value: 'user,id=a' });
      }
    });
  }

  for (const [options, message] of REFUSED) {
    it(`refuses ${options}`, () => {
      assert.throws(
        () => qemu_parse_args(['pktgdb', ...options.split(' ')]),
        (e: Error) => e instanceof OptionError && message.test(e.message),
      );
    });
  }

  it('knows every option of real QEMU, to take it or to say why not', function () {
    const help = spawnSync('qemu-system-x86_64', ['-help'], { encoding: 'utf8' }).stdout ?? '';
    if (help === '') {
      this.skip();
    }
    const unknown: string[] = [];
    for (const [, names] of help.matchAll(/^(-[a-z][-\w/]*(?: or -[-\w]+)?)(?= |$)/gim)) {
      for (const word of names!.split(/ or |\//)) {
        try {
          qemu_parse_args(['pktgdb', word, 'x']);
        } catch (e) {
          if (e instanceof OptionError && /invalid option/.test(e.message)) {
            unknown.push(word);
          }
        }
      }
    }
    // pktgdb and pktgdb-machine answer these themselves.
    assert.deepEqual(
      unknown.filter((w) => !/^--?(h|help|version|audio-help)$/.test(w)),
      [],
    );
  });

  it('rounds memory up to a multiple of 8 KiB, as QEMU does', () => {
    assert.equal(qemu_parse_args(['pktgdb', '-m', '1048577k']).ram_size % 8192, 0);
    assert.equal(qemu_parse_args(['pktgdb', '-m', '1.3M']).ram_size, 1368064);
  });
});
