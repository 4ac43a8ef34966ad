/** What the Time column of a listing says, in Wireshark's formats. */
import type { PacketIndex } from '../../adapter/packets/capture-index.ts';
import type { TimeFormat } from './messages.ts';

const MICROSECOND = 1e-6;

/** The time of packet `i` (counted from 0), with microseconds. */
export function timeText(format: TimeFormat, index: PacketIndex, i: number): string {
  switch (format) {
    case 'first':
      return secondsBetween(index, 0, i);
    case 'previous':
      return secondsBetween(index, Math.max(0, i - 1), i);
    case 'day':
      return clockOf(index, i).slice(11);
    case 'date':
      return clockOf(index, i);
  }
}

function secondsBetween({ columns: { sec, nsec } }: PacketIndex, from: number, to: number): string {
  const us = ((sec[to] ?? 0) - (sec[from] ?? 0)) * 1e6 + Math.round(((nsec[to] ?? 0) - (nsec[from] ?? 0)) / 1e3);
  return (us * MICROSECOND).toFixed(6);
}

/** `2024-02-29 12:34:56.789012`, in the zone of whoever reads it. */
function clockOf({ columns: { sec, nsec } }: PacketIndex, i: number): string {
  const date = new Date((sec[i] ?? 0) * 1000);
  const two = (n: number): string => `${n}`.padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${day} ${time}.${`${Math.floor((nsec[i] ?? 0) / 1e3)}`.padStart(6, '0')}`;
}
