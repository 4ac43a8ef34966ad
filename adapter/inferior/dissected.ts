/** What takes packets apart and plays captures. Most of a program, and few machines ask for it: see dissection.ts. */
export { FIELDS, formatField, PacketView } from '../packets/fields.ts';
export { formatSummary, summary } from '../packets/summary.ts';
export { KnownPackets } from '../replay/known-packets.ts';
export { countPackets } from '../replay/plan.ts';
export { Filters } from './filters.ts';
export { TraceHost } from './trace-host.ts';
