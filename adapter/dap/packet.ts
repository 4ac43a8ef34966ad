/**
 * The scopes `Packet`, the layers of what the frame's function handles, and `Captured packet`, its like in a capture.
 */
import type { EngineApi, Frame } from '../engine/api.ts';
import { framePacket } from '../inspect/packets.ts';
import { dissectBytes, type TreeNode } from '../packets/dissect.ts';
import { FIELDS } from '../packets/fields.ts';
import { type Container, type Item, listContainer } from './containers.ts';

/** The layers as a tree: one row a protocol, its fields below. */
export function packetContainer(engine: EngineApi, frame: number): Container {
  return {
    named: 0,
    indexed: 0,
    rows: async (start, count) => {
      const layers = await framePacket(engine, frame);
      const rows = layers?.map((node) => layerItem(node)) ?? [
        { name: 'packet', value: '(this function handles no packet)' },
      ];
      return rows.slice(start, start + count);
    },
  };
}

/** Where the user network hands a frame over: what runs in it is about that frame, from its last statement on. */
const SENDER = 'slirp_output';

/** The captured packet that the frame is which the user network sends in one of `frames`, or undefined. */
export async function capturedContainer(engine: EngineApi, frames: readonly Frame[]): Promise<Container | undefined> {
  const sender = frames.find(({ fn }) => fn.name === SENDER);
  const statements = engine.info.probes.filter((p) => p.fn === sender?.fn.id && p.kind === 'statement');
  const last = statements.at(-1);
  if (sender === undefined || last === undefined || sender.location.line < last.line) {
    return undefined;
  }
  const packet = engine.capturedPacket(engine.replay?.sent().packet ?? 0);
  if (packet === undefined) {
    return undefined;
  }
  const layers = dissectBytes(packet.bytes, packet.linktype);
  return listContainer(() => layers.map((node) => layerItem(node, false)));
}

/** A layer: its protocol and the line that Wireshark shows for it. */
function layerItem(node: TreeNode, current = true): Item {
  return { name: node.name || 'data', value: node.label, ...childrenOf(node, current) };
}

/** A field; that of the current packet has an expression. */
function fieldItem(node: TreeNode, current: boolean): Item {
  const name = node.name.split('.').slice(1).join('.') || node.name;
  return {
    name: name === '' ? node.label : name,
    value: node.value === '' ? node.label : node.value,
    type: node.label,
    ...(current && node.name in FIELDS ? { evaluateName: `$pkt.${node.name}` } : {}),
    ...childrenOf(node, current),
  };
}

function childrenOf(node: TreeNode, current: boolean): Pick<Item, 'children'> {
  return node.children.length === 0
    ? {}
    : { children: listContainer(() => node.children.map((child) => fieldItem(child, current))) };
}
