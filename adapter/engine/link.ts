/**
 * The link to the runtime in the inferior's thread. Everything that the engine says to it goes through here and is
 * typed by the runtime's own methods, so that a renamed one is an error of the compiler.
 */
import type { Asked } from '../inferior/asked.ts';
import type { Edge } from '../inferior/edge.ts';
import type { Runtime } from '../inferior/runtime.ts';
import type { InspectorChannel } from './inspector.ts';

/** The runtime's name in code that the inspector evaluates, and in deciders. */
export type RuntimeName = '__pktgdb' | '$R';

type Method = {
  [K in keyof Runtime]: Runtime[K] extends (...args: never[]) => unknown ? K : never;
}[keyof Runtime];

/** JavaScript for each of a method's arguments. */
type Texts<A extends unknown[]> = { [I in keyof A]: string };

/** JavaScript that calls a method of the runtime; the arguments are JavaScript too. */
export function call<K extends Method>(on: RuntimeName, method: K, ...args: Texts<Parameters<Runtime[K]>>): string {
  return `${on}.${method}(${args.join(',')})`;
}

type AskedMethod = {
  [K in keyof Asked]: Asked[K] extends (...args: never[]) => unknown ? K : never;
}[keyof Asked];

/** JavaScript, in a decider, that calls a method of the query which is being answered. */
export function ask<K extends AskedMethod>(method: K, ...args: Texts<Parameters<Asked[K]>>): string {
  return `${field('$R', 'asked')}.${method}(${args.join(',')})`;
}

/** JavaScript that reads a field of the runtime. */
export function field(on: RuntimeName, name: Exclude<keyof Runtime, Method>): string {
  return `${on}.${name}`;
}

/** JavaScript, in a decider, that reads a field of what is known at the user network's edge. */
export function edgeField(name: keyof Edge): string {
  return `${field('$R', 'edge')}.${name}`;
}

/** JavaScript, in a decider, that says if a display filter means `$pkt`; `made` are the arguments that make it. */
export function packetFilter(filter: string, made: string = JSON.stringify(filter)): string {
  return `${call('$R', 'filter', made)}($pkt)`;
}

/**
 * Whether JavaScript has a filter that remembers the packets that it is shown: it is made at a place of its own, the
 * third argument. Such a filter has to be shown all packets, from the beginning.
 */
export function remembersPackets(js: string): boolean {
  return REMEMBERING.test(js);
}

const REMEMBERING = /\$R\.filter\((?:"(?:[^"\\]|\\.)*",){2}"/;

/**
 * The runtime's methods as the main thread calls them. Arguments and results cross as JSON; a method that throws
 * rejects.
 */
export type RuntimeProxy = {
  readonly [K in Method]: (...args: Parameters<Runtime[K]>) => Promise<ReturnType<Runtime[K]>>;
};

/** The runtime behind an inspector's channel. */
export function runtimeProxy(channel: InspectorChannel): RuntimeProxy {
  const method =
    (name: Method) =>
    (...args: unknown[]): Promise<unknown> =>
      channel.evaluate(`__pktgdb.${name}(${args.map((a) => JSON.stringify(a)).join(',')})`);
  return new Proxy({} as RuntimeProxy, { get: (_target, name) => method(name as Method) });
}
