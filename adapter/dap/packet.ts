/** The scope `Packet`: the layers of the packet that the frame's function handles. */
import type { EngineApi } from '../engine/api.ts';
import { framePacket } from '../inspect/packets.ts';
import type { TreeNode } from '../packets/dissect.ts';
import { FIELDS } from '../packets/fields.ts';
import { type Container, type Item, listContainer } from './containers.ts';

/** The layers as a tree: one row a protocol, its fields below. */
export function packetContainer(engine: EngineApi, frame: number): Container {
  return {
    named: 0,
    indexed: 0,
    rows: async (start, count) => {
      const layers = await framePacket(engine, frame);
      const rows = layers?.map(layerItem) ?? [{ name: 'packet', value: '(this function handles no packet)' }];
      return rows.slice(start, start + count);
    },
  };
}

/** A layer: its protocol and the line that Wireshark shows for it. */
function layerItem(node: TreeNode): Item {
  return { name: node.name || 'data', value: node.label, ...childrenOf(node) };
}

function fieldItem(node: TreeNode): Item {
  const name = node.name.split('.').slice(1).join('.') || node.name;
  return {
    name: name === '' ? node.label : name,
    value: node.value === '' ? node.label : node.value,
    type: node.label,
    ...(node.name in FIELDS ? { evaluateName: `$pkt.${node.name}` } : {}),
    ...childrenOf(node),
  };
}

function childrenOf(node: TreeNode): Pick<Item, 'children'> {
  return node.children.length === 0 ? {} : { children: listContainer(() => node.children.map(fieldItem)) };
}
