/** Error numbers of the guest's system calls, which return them negated, and their texts (musl's strerror). */
export const ENOENT = 2;
export const EIO = 5;
export const EAGAIN = 11;
export const EACCES = 13;
export const EEXIST = 17;
export const ENOTDIR = 20;
export const EISDIR = 21;
export const EINVAL = 22;
export const ENOSPC = 28;
export const EPIPE = 32;
export const ENOTEMPTY = 39;
export const EMSGSIZE = 90;
export const EADDRINUSE = 98;
export const ENETDOWN = 100;
export const ENETUNREACH = 101;
export const ECONNABORTED = 103;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const EISCONN = 106;
export const ENOTCONN = 107;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EHOSTUNREACH = 113;

const ERROR_TEXTS: { readonly [errno: number]: string } = {
  [ENOENT]: 'No such file or directory',
  [EIO]: 'I/O error',
  [EAGAIN]: 'Resource temporarily unavailable',
  [EACCES]: 'Permission denied',
  [EEXIST]: 'File exists',
  [ENOTDIR]: 'Not a directory',
  [EISDIR]: 'Is a directory',
  [EINVAL]: 'Invalid argument',
  [ENOSPC]: 'No space left on device',
  [EPIPE]: 'Broken pipe',
  [ENOTEMPTY]: 'Directory not empty',
  [EMSGSIZE]: 'Message too large',
  [EADDRINUSE]: 'Address in use',
  [ENETDOWN]: 'Network is down',
  [ENETUNREACH]: 'Network unreachable',
  [ECONNABORTED]: 'Connection aborted',
  [ECONNRESET]: 'Connection reset by peer',
  [ENOBUFS]: 'No buffer space available',
  [EISCONN]: 'Socket is connected',
  [ENOTCONN]: 'Socket not connected',
  [ETIMEDOUT]: 'Operation timed out',
  [ECONNREFUSED]: 'Connection refused',
  [EHOSTUNREACH]: 'Host is unreachable',
};

/**
 * Text of an error number, with either sign.
 * @nodebug
 */
export function strerror(errno: number): string {
  return ERROR_TEXTS[Math.abs(errno)] ?? `Unknown error ${Math.abs(errno)}`;
}
