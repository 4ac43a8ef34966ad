/** What stands beside packets of a listing, and what is said of one under the mouse. Needs nothing of VS Code. */
import type { DivergencesBody } from '../../adapter/dap/custom.ts';
import type { PacketDetails } from '../../adapter/packets/details.ts';
import type { PacketMark } from './messages.ts';

/** Lines of a packet under the mouse. */
const MAX_LINES = 32;

/** Packets whose like was not sent. The same bytes in another form are no news. */
export function divergenceMarks(all: DivergencesBody['divergences']): PacketMark[] {
  return all
    .filter(({ packet, grade }) => packet > 0 && (grade === 'different answer' || grade === 'missing'))
    .map(({ packet, grade, fields }) => {
      const [first] = fields;
      return {
        packet,
        text: first === undefined ? grade : `${grade}: ${first.field} ${first.captured} -> ${first.sent}`,
      };
    });
}

/** The packet's tree, as deep as there is room: all protocols, and the fields of the last ones. */
export function hoverLines({ lines }: PacketDetails): string[] {
  for (const depth of [3, 2, 1, 0]) {
    const shown = lines.filter((line) => line.depth <= depth);
    if (shown.length <= MAX_LINES || depth === 0) {
      return shown.slice(0, MAX_LINES).map((line) => `${'    '.repeat(line.depth)}${line.text}`);
    }
  }
  return [];
}
