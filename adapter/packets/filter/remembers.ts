/** Which fields depend on the packets before. */

const TCP = 'tcp\\.(?:analysis|stream|completeness|time_|seq$|ack$|nxtseq$|window_size$|segment|reassembled)';
const OTHERS = 'udp\\.(?:stream|time_)|_ws\\.expert|ip\\.(?:fragment|reassembled)';
const ANSWERS = '\\.(?:response_(?:in|to)|resp_(?:in|to)|resptime|request_in|time)$';
const REMEMBERED = new RegExp(`^(?:${TCP}|${OTHERS})|${ANSWERS}`);

/** Whether some of these fields do, by their names. */
export function remembers(fields: readonly string[]): boolean {
  return fields.some((name) => name !== 'frame.time' && REMEMBERED.test(name));
}
