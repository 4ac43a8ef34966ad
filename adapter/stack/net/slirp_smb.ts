/** `smb=DIR` of a user network: a directory of the host's that its Samba server shares with the guest. */
import { machine } from '../softmmu/machine.ts';
import type { sockaddr } from '../util/host.ts';
import { type HostSocket, listen, sockaddr_un } from '../util/sockets.ts';

/**
 * Before a directory in a Unix socket's path: the host shares the directory, and a connection is one to its SMB server.
 */
export const SMB_PREFIX = 'smb:';

/** NetBIOS session service and SMB over TCP. */
export const SMB_PORTS: readonly number[] = [139, 445];

/** The address that stands for the server of a directory. */
export function smb_addr(dir: string): sockaddr {
  return sockaddr_un(`${SMB_PREFIX}${dir}`);
}

/** What the errors of sharing a directory mean. */
const SMB_ERRNO_TEXT: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  ENOENT: 'No such file or directory',
  ENOTDIR: 'Not a directory',
};

/** Has the host share a directory until the socket is closed. Returns what is wrong as a string. */
export function slirp_smb(addr: sockaddr, dir: string): HostSocket | string {
  const { socket, errno } = listen(machine.sockets, machine.host, addr);
  switch (errno) {
    case '':
      return socket;
    case 'ENOPKG':
      return "smb= needs Samba: could not find 'smbd', please install it (PKTGDB_SMBD may name the program)";
    default:
      return `Error accessing shared directory smb='${dir}': ${SMB_ERRNO_TEXT[errno] ?? errno}`;
  }
}
