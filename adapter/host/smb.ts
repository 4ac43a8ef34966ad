/**
 * Directories that the system's Samba shares with the guest (`smb=DIR`): a configuration of their own in a fresh
 * directory, and an `smbd` for each connection, with the connection as its standard input and output. No privileges are
 * needed.
 */
import { accessSync, constants, statSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { userInfo } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '../temporary.ts';
import { startNetworkProgram } from './guest-commands.ts';

/** What the stack puts before the directory in the path of a Unix socket (its SMB_PREFIX). */
const SMB_PREFIX = 'smb:';

/** Where systems keep smbd, which users' PATHs seldom name. */
const SBIN = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin', '/usr/local/samba/sbin'];

/** The directory in a socket's path that is to be shared, or null if the path is one. */
export function sharedDirectory(path: string): string | null {
  return path.startsWith(SMB_PREFIX) ? path.slice(SMB_PREFIX.length) : null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Samba's server: what PKTGDB_SMBD names, else the first in PATH and where systems keep it; null if there is none. */
export function findSmbd(): string | null {
  const named = process.env['PKTGDB_SMBD'];
  const places = [...(process.env['PATH'] ?? '').split(delimiter).filter((d) => d !== ''), ...SBIN];
  return (named ? [named] : places.map((d) => join(d, 'smbd'))).find(isExecutable) ?? null;
}

/** What is wrong with a directory that is to be shared, as an errno; '' if nothing is. */
function directoryErrno(dir: string): string {
  try {
    if (!statSync(dir).isDirectory()) {
      return 'ENOTDIR';
    }
    accessSync(dir, constants.R_OK | constants.X_OK);
    return '';
  } catch (e) {
    return errnoOf(e);
  }
}

/** The name of a system's error. */
function errnoOf(e: unknown): string {
  return (e as NodeJS.ErrnoException).code ?? 'EIO';
}

/**
 * smb.conf (smb.conf(5)) of a server whose files are all below `home`. The share is `home`/share, a link to the
 * directory: no name that the user chose is in the file, so none can add a line to it or be taken for a variable.
 */
function smbConf(home: string, user: string): string {
  const inHome = ['private', 'pid', 'lock', 'state', 'cache'].map((what) => `${what} directory = ${home}`);
  return `[global]
${inHome.join('\n')}
ncalrpc dir = ${home}/ncalrpc
log file = ${home}/log.smbd
smb passwd file = ${home}/smbpasswd
interfaces = 127.0.0.1
bind interfaces only = yes
security = user
map to guest = Bad User
load printers = no
printing = bsd
disable spoolss = yes
usershare max shares = 0

[qemu]
path = ${home}/share
read only = no
guest ok = yes
force user = ${user}
`;
}

/** A shared directory. */
interface Share {
  readonly smbd: string;
  /** Holds the configuration and whatever smbd writes. */
  readonly home: TemporaryFolder;
}

export class SmbShares {
  readonly #shares = new Map<string, Share>();
  /** Directory of each descriptor that keeps a share alive. */
  readonly #holders = new Map<number, string>();

  /** Shares a directory until `close(fd)`. Returns an errno, '' on success, ENOPKG without Samba. */
  open(fd: number, dir: string): string {
    const errno = directoryErrno(dir);
    const smbd = findSmbd();
    if (errno !== '' || smbd === null) {
      return errno || 'ENOPKG';
    }
    try {
      if (!this.#shares.has(dir)) {
        this.#share(dir, smbd);
      }
      this.#holders.set(fd, dir);
      return '';
    } catch (e) {
      this.#drop(dir);
      return errnoOf(e);
    }
  }

  /** Makes the configuration of a shared directory. Throws the system's errors. */
  #share(dir: string, smbd: string): void {
    const { username } = userInfo();
    const home = temporaryFolder();
    this.#shares.set(dir, { smbd, home });
    if (/["%\\\r\n]/.test(home.path) || !/^[\w.+-]+\$?$/.test(username)) {
      // They would mean something else in smb.conf.
      throw Object.assign(new Error('a name that smb.conf cannot hold'), { code: 'EINVAL' });
    }
    symlinkSync(resolve(dir), join(home.path, 'share'));
    writeFileSync(join(home.path, 'smb.conf'), smbConf(home.path, username));
  }

  /** A connection to the server of a directory; the stack asks for directories that are shared only. */
  connect(dir: string): Socket {
    const { smbd = 'smbd', home: { path: home } = { path: '' } } = this.#shares.get(dir) ?? {};
    return startNetworkProgram(smbd, ['-l', home, '-s', join(home, 'smb.conf')]);
  }

  /** Ends what `open(fd)` began; other descriptors are nothing to it. */
  close(fd: number): void {
    const dir = this.#holders.get(fd);
    if (dir !== undefined) {
      this.#holders.delete(fd);
      if (![...this.#holders.values()].includes(dir)) {
        this.#drop(dir);
      }
    }
  }

  #drop(dir: string): void {
    const share = this.#shares.get(dir);
    this.#shares.delete(dir);
    share?.home.remove();
  }

  dispose(): void {
    this.#holders.clear();
    for (const dir of [...this.#shares.keys()]) {
      this.#drop(dir);
    }
  }
}
