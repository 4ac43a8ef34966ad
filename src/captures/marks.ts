/** What stands beside packets of a listing, and what is said of one under the mouse. Needs nothing of VS Code. */
import type { DivergencesBody, DropsBody, QueryRowView } from '../../adapter/dap/custom.ts';
import type { PacketDetails } from '../../adapter/packets/details.ts';
import { QUESTIONS } from '../history/questions.ts';
import type { PacketMark } from './messages.ts';

/** Lines of a packet under the mouse. */
const MAX_LINES = 20;

/** Packets whose like was not sent. The same bytes in another form are no news. */
export function divergenceMarks(all: DivergencesBody['divergences']): PacketMark[] {
  return all
    .filter(({ packet, grade }) => packet > 0 && (grade === 'different answer' || grade === 'missing'))
    .map(({ packet, grade, fields }) => {
      const [first] = fields;
      return {
        packet,
        kind: 'divergence',
        text: first === undefined ? grade : `${grade}: ${first.field} ${first.captured} -> ${first.sent}`,
      };
    });
}

/** The question where packets were dropped. */
export const DROPS_QUERY = { id: QUESTIONS.drops, kind: 'calls', text: 'drop show reason, $pkt.frame.number' } as const;

/** Packets that were dropped, by the rows of `DROPS_QUERY`, and what the reasons of these mean. */
export function dropMarks(rows: readonly QueryRowView[], reasons: DropsBody['reasons']): PacketMark[] {
  const meanings = new Map(reasons.map(({ reason, meaning }) => [reason, meaning]));
  return rows.flatMap(({ shown = [] }) => {
    const [reason = '', packet = 0] = shown.map((one) => ('value' in one ? one.value : undefined));
    const meaning = meanings.get(`${reason}`);
    // A reason that is not counted is no loss: what it carries is here already.
    return Number(packet) > 0 && meaning !== undefined
      ? [{ packet: Number(packet), kind: 'drop' as const, text: `${reason}: ${meaning}` }]
      : [];
  });
}

/** The packet's tree as far as there is room: all protocols, and the fields of the last ones. */
export function hoverLines({ lines }: PacketDetails): string[] {
  const protocols = lines.flatMap(({ depth }, i) => (depth === 0 ? [i] : []));
  const shown = new Set(protocols.slice(0, MAX_LINES));
  for (const at of protocols.reverse()) {
    const end = lines.findIndex(({ depth }, i) => i > at && depth === 0);
    const fields = lines.slice(at, end < 0 ? undefined : end).flatMap(({ depth }, i) => (depth === 1 ? [at + i] : []));
    for (const field of fields.slice(0, Math.max(0, MAX_LINES - shown.size))) {
      shown.add(field);
    }
  }
  return lines.flatMap(({ depth, text }, i) => (shown.has(i) ? [`${'    '.repeat(depth)}${text}`] : []));
}
