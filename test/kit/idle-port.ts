/** What sockets of the host need of a machine that takes everything at once. */
export const IDLE_PORT = {
  released: () => undefined,
  reserve: () => null,
  unreserve: () => undefined,
  scarce: () => false,
  wait: () => undefined,
};
