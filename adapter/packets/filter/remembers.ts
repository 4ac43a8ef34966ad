/** Which fields depend on the packets before. */

const TCP = 'tcp\\.(?:analysis|stream|completeness|time_|seq$|ack$|nxtseq$|window_size$|segment|reassembled)';
const OTHERS = 'udp\\.(?:stream|time_)|_ws\\.expert|ip\\.(?:fragment|reassembled)';
const ANSWERS = '\\.(?:response_(?:in|to)|resp_(?:in|to)|resptime|request_in|time)$';
const REMEMBERED = new RegExp(`^(?:${TCP}|${OTHERS})|${ANSWERS}`);

/** Of these, what is known of a packet by itself where it is known at all: to nobody's surprise raw without others. */
const BY_ITSELF = /^(?:tcp\.(?:seq|ack|nxtseq|window_size)|ip\.fragment.*|_ws\..*)$/;

/** Whether a field is absent from a packet as long as those before are not known. */
export function needsMemory(name: string): boolean {
  return remembers([name]) && !BY_ITSELF.test(name);
}

/** Whether some of these fields do, by their names. */
export function remembers(fields: readonly string[]): boolean {
  return fields.some((name) => name !== 'frame.time' && REMEMBERED.test(name));
}
