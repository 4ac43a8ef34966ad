/** The root file system of a guest: busybox, the e1000 driver, and an `init` that sets them up. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What .ci/qemu has put there: kernel, driver, busybox. */
export const PARTS = join(import.meta.dirname, '../../.cache/qemu');

/**
 * No interactive shell reads what is typed: busybox's line editor takes a signal for the end of its input, and the
 * kernel panics when process 1 ends.
 */
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /etc /tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
insmod /e1000.ko
ip link set lo up
ip link set eth0 up
exec </dev/ttyS0 >/dev/ttyS0 2>&1
echo guest is up
while printf '/ # '; do
  read -r line && eval "$line"
done
`;

/** What udhcpc does with a lease. */
const LEASE = `#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add $ip/24 dev $interface
ip route add default via $router
echo nameserver $dns > /etc/resolv.conf
echo lease of $ip from $serverid
`;

const FILE = 0o100755;
const FOLDER = 0o040755;

/** An entry of a cpio archive in the "newc" format (cpio(5)): a header in hexadecimal, name and content, padded. */
function entry(name: string, mode: number, content: Uint8Array): Buffer {
  const fields = [0, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length + 1, 0];
  const header = `070701${fields.map((n) => n.toString(16).padStart(8, '0')).join('')}${name}\0`;
  return Buffer.concat([padded(Buffer.from(header)), padded(content)]);
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}

/** Writes the archive; returns its path. */
export function writeInitramfs(folder: string): string {
  const none = Buffer.alloc(0);
  const archive = Buffer.concat([
    entry('bin', FOLDER, none),
    entry('dev', FOLDER, none),
    entry('bin/busybox', FILE, readFileSync(join(PARTS, 'busybox'))),
    entry('e1000.ko', FILE, readFileSync(join(PARTS, 'e1000.ko'))),
    entry('lease', FILE, Buffer.from(LEASE)),
    entry('init', FILE, Buffer.from(INIT)),
    entry('TRAILER!!!', 0, none),
  ]);
  const path = join(folder, 'initramfs.gz');
  writeFileSync(path, gzipSync(archive, { level: 1 }));
  return path;
}
