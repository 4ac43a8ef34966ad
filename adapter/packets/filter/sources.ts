/** Where a field's values are in a packet, without making anything for a packet that does not have it. */
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import type { Field, FieldDeclaration, FieldScalar, Protocol } from '../protocol.ts';
import type { Range } from './ast.ts';
import { isProtocol } from './kinds.ts';
import { includesLayer, needsCount } from './ranges.ts';
import type { Bind, Matcher, Test, Value } from './values.ts';

/** Shows the values in one layer to a test until that says true, and says whether it did. */
type InLayer = (p: PacketView, l: Layer) => boolean;

/** All values of a field, in every layer of its protocols or in some. */
export function valuesOf(field: Field, layers?: readonly Range[]): Bind {
  return (test) => ofEach(field, (f) => overLayers(f.protocol, inLayer(f, test), layers));
}

/** Whether one of the fields of a name passes; nearly every name belongs to one protocol. */
function ofEach(field: Field, matcher: (f: Field) => Matcher): Matcher {
  if (field.same === undefined) {
    return matcher(field);
  }
  const all = field.same.map(matcher);
  return (p) => all.some((one) => one(p));
}

/** The bytes of a protocol with all that it carries. */
export function wholeOf({ protocol }: Field, layers?: readonly Range[]): Bind {
  return (test) => overLayers(protocol, (p, l) => test(p.buf.subarray(l.at, Math.max(l.at, endOf(p, l))), p), layers);
}

/** Where what a layer carries ends; on the link layer also what is no part of it, such as padding. */
function endOf(p: PacketView, l: Layer): number {
  return l.index <= 1 ? p.limit : l.end;
}

/** The bytes of a field as they are in the packet. */
export function rawOf(field: Field, layers?: readonly Range[]): Bind {
  if (isProtocol(field)) {
    return valuesOf(field, layers);
  }
  const rawIn =
    (f: Field, test: Test): InLayer =>
    (p, l) =>
      f.protocol
        .occurrences(f, p, l)
        .some(({ from, length }) => length > 0 && test(p.buf.subarray(from, from + length), p));
  return (test) => ofEach(field, (f) => overLayers(f.protocol, rawIn(f, test), layers));
}

function overLayers(protocol: Protocol, within: InLayer, layers: readonly Range[] | undefined): Matcher {
  if (layers !== undefined) {
    return overSomeLayers(protocol, within, layers);
  }
  if (!mayRepeat(protocol)) {
    return (p) => {
      const l = p.first(protocol);
      return l !== null && within(p, l);
    };
  }
  return (p) => {
    for (let l = p.first(protocol); l !== null; l = p.next(l, protocol)) {
      if (within(p, l)) {
        return true;
      }
    }
    return false;
  };
}

/** Whether a packet may have several layers of a protocol: above themselves, or as messages of one segment. */
function mayRepeat(protocol: Protocol): boolean {
  return protocol.leaf || protocol.reaches[protocol.index] === 1;
}

function overSomeLayers(protocol: Protocol, within: InLayer, layers: readonly Range[]): Matcher {
  const counted = needsCount(layers);
  return (p) => {
    const count = counted ? countLayers(p, protocol) : Number.POSITIVE_INFINITY;
    let n = 1;
    for (let l = p.first(protocol); l !== null; l = p.next(l, protocol)) {
      if (includesLayer(layers, n, count) && within(p, l)) {
        return true;
      }
      n++;
    }
    return false;
  };
}

function countLayers(p: PacketView, protocol: Protocol): number {
  let n = 0;
  for (let l = p.first(protocol); l !== null; l = p.next(l, protocol)) {
    n++;
  }
  return n;
}

function inLayer(field: Field, test: Test): InLayer {
  if (isProtocol(field)) {
    const { declaration } = field.protocol;
    return (p, l) => {
      const length = declaration.length === undefined ? l.body - l.at : declaration.length(p, l);
      return test(p.buf.subarray(l.at, Math.max(l.at, l.at + length)), p);
    };
  }
  return inDeclaration(field, field.protocol, test);
}

function inDeclaration(d: FieldDeclaration, protocol: Protocol, test: Test): InLayer {
  const { value, oneOf } = d;
  if (oneOf) {
    return eitherOf(oneOf.map((one) => inDeclaration(one, protocol, test)));
  }
  if (value) {
    return d.type === 'boolean'
      ? (p, l) => {
          const v = value(p, l);
          return v !== undefined && test(Number(v), p);
        }
      : (p, l) => {
          const v = value(p, l);
          return v !== undefined && test(v as Value, p);
        };
  }
  return (p, l) => protocol.occurrences(d, p, l).some((o) => o.value !== undefined && test(plainValue(o.value), p));
}

function eitherOf(all: readonly InLayer[]): InLayer {
  const [a, b] = all;
  if (a !== undefined && b !== undefined && all.length === 2) {
    return (p, l) => a(p, l) || b(p, l);
  }
  return (p, l) => all.some((one) => one(p, l));
}

/** A field's value as filters compute with it. */
export function plainValue(value: FieldScalar): Value {
  return typeof value === 'boolean' ? Number(value) : value;
}
