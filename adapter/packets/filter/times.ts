/** Points in time as filters write them, in seconds since the epoch. */

const ISO = new RegExp(
  String.raw`^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?)?` +
    String.raw` ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$`,
);
const LEGACY = /^([A-Z][a-z]{2}) +(\d{1,2}), (\d{4}) (\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?: (UTC))?$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export const TIME_EXAMPLES = '"2011-07-04 12:34:56" or "Nov 12, 1999 08:55:44.123"';

interface Parts {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly fraction: string;
  /** Minutes east of UTC; undefined is local time. */
  readonly zone: number | undefined;
}

/** A point in time (ISO 8601, or Wireshark's own form), local unless it says otherwise; undefined if it is none. */
export function parseTime(text: string): number | undefined {
  const t = parts(text.trim());
  if (!t || t.month < 0 || t.month > 11 || t.day < 1 || t.day > 31 || t.hour > 23 || t.minute > 59 || t.second > 60) {
    return undefined;
  }
  const { year, month, day, hour, minute, second } = t;
  const ms =
    t.zone === undefined
      ? new Date(year, month, day, hour, minute, second).getTime()
      : Date.UTC(year, month, day, hour, minute, second) - t.zone * 60_000;
  return Number(`${Math.round(ms / 1000)}`) + Number(`0.${t.fraction || 0}`);
}

function parts(text: string): Parts | undefined {
  const iso = ISO.exec(text);
  if (iso) {
    const [, year, month, day, hour, minute, second, fraction = '', zone] = iso;
    const date = { year: Number(year), month: Number(month) - 1, day: Number(day) };
    const time = { hour: Number(hour ?? 0), minute: Number(minute ?? 0), second: Number(second ?? 0) };
    return { ...date, ...time, fraction, zone: zoneOf(zone) };
  }
  const legacy = LEGACY.exec(text);
  if (!legacy) {
    return undefined;
  }
  const [, month = '', day, year, hour, minute, second, fraction = '', utc] = legacy;
  const date = { year: Number(year), month: MONTHS.indexOf(month), day: Number(day) };
  const time = { hour: Number(hour), minute: Number(minute), second: Number(second) };
  return { ...date, ...time, fraction, zone: utc === undefined ? undefined : 0 };
}

/** Minutes east of UTC. */
function zoneOf(text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const offset = /^([+-])(\d{2}):?(\d{2})?$/.exec(text);
  if (!offset) {
    return 0;
  }
  const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
  return offset[1] === '-' ? -minutes : minutes;
}
