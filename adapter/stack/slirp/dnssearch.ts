/**
 * DHCP's domain search option (libslirp's dnssearch.c; RFC 3397):
 * names in DNS form, compressed, in options of at most 255 bytes.
 */
import { machine } from '../softmmu/machine.ts';
import { RFC3397_OPT_DOMAIN_SEARCH } from '../wire/dhcp.ts';

/** Longest label, longest name and farthest target of a compression pointer (RFC 1035, sections 3.1 and 4.1.4). */
const MAX_LABEL = 63;
const MAX_NAME = 255;
const MAX_POINTER = 0x3fff;
/** Longest payload of one option. */
const OPT_MAX = 255;

/** The labels of a domain name, or null if it is none. */
function split_labels(name: string): string[] | null {
  const labels = name.replace(/\.$/, '').split('.');
  if (name.length > MAX_NAME || labels.some((l) => l.length === 0 || l.length > MAX_LABEL)) {
    return null;
  }
  return labels;
}

/** Encodes names; a suffix that was written before becomes a pointer to it. Names that are malformed are left out. */
function compress_names(names: readonly string[]): number[] {
  const out: number[] = [];
  const seen = new Map<string, number>();
  for (const name of names) {
    const labels = split_labels(name);
    if (!labels) {
      machine.host.report('warning', `Slirp: failed to parse domain name '${name}' of dnssearch=; it is left out`);
      continue;
    }
    let ended = false;
    for (let i = 0; i < labels.length && !ended; i++) {
      const suffix = labels.slice(i).join('.');
      const at = seen.get(suffix);
      if (at !== undefined) {
        out.push(0xc0 | (at >> 8), at & 0xff);
        ended = true;
      } else {
        if (out.length <= MAX_POINTER) {
          seen.set(suffix, out.length);
        }
        const label = labels[i]!;
        out.push(label.length);
        for (let k = 0; k < label.length; k++) {
          out.push(label.charCodeAt(k) & 0xff);
        }
      }
    }
    if (!ended) {
      out.push(0);
    }
  }
  return out;
}

/** The options for a search list, ready to be put in a DHCP reply; empty for an empty list. */
export function translate_dnssearch(names: readonly string[]): Uint8Array {
  const data = compress_names(names);
  const out: number[] = [];
  for (let i = 0; i < data.length; i += OPT_MAX) {
    const part = data.slice(i, i + OPT_MAX);
    out.push(RFC3397_OPT_DOMAIN_SEARCH, part.length, ...part);
  }
  return Uint8Array.from(out);
}
