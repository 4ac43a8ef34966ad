/** The machine of a session whose options nobody wrote. */

/** A user network that forwards 127.0.0.1:5555 to the guest's port 5556, and an e1000. */
export const DEFAULT_ARGS: readonly string[] = [
  '-netdev',
  'user,id=user.0,hostfwd=tcp:127.0.0.1:5555-:5556',
  '-device',
  'e1000,netdev=user.0',
];

/** The same for a replay, which brings its own connections and listens nowhere. */
export const REPLAY_ARGS: readonly string[] = DEFAULT_ARGS.map((word) => word.replace(/,hostfwd=.*/, ''));
