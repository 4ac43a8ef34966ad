/** The call stack and the scopes of its frames. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { EngineApi, Frame } from '../engine/api.ts';
import { packetArgument } from '../inspect/packets.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type { Container } from './containers.ts';
import { capturedContainer, packetContainer } from './packet.ts';
import { formatValue } from './present.ts';
import { registersContainer } from './registers.ts';
import type { Family } from './request.ts';
import { ringContainer } from './rings.ts';
import type { PacketSession } from './session.ts';
import { toSource } from './sources.ts';
import { checkThread } from './thread.ts';
import { argumentsContainer, localsContainer } from './variables.ts';

export const stackRequests: Family = {
  stackTrace: {
    atStop: true,
    cancellable: true,
    capabilities: { supportsDelayedStackTraceLoading: true },
    handle: async (session, args): Promise<DebugProtocol.StackTraceResponse['body']> => {
      checkThread(args);
      const start = args.count('startFrame', 0);
      const levels = args.count('levels', 0);
      const format = args.object('format');
      const { base, frames } = await session.stopped.stack();
      const page = frames.slice(start, levels === 0 ? undefined : start + levels);
      return {
        stackFrames: await Promise.all(page.map((frame) => stackFrame(session, base, frame, format))),
        totalFrames: frames.length,
      };
    },
  },
  scopes: {
    atStop: true,
    cancellable: true,
    handle: async (session, args): Promise<DebugProtocol.ScopesResponse['body']> => {
      const frame = await session.stopped.frameIndex(args.number('frameId'));
      return { scopes: await scopes(session, frame) };
    },
  },
};

async function stackFrame(
  session: PacketSession,
  base: number,
  frame: Frame,
  format: Arguments,
): Promise<DebugProtocol.StackFrame> {
  const { engine, client } = session;
  return {
    id: base + frame.index,
    name: await frameName(engine, frame, format),
    source: toSource(engine, client, frame.location.file),
    line: client.lineToClient(frame.location.line),
    column: client.columnToClient(frame.location.column),
  };
}

/** The function's name, with what a StackFrameFormat asks for beside it. */
async function frameName(engine: EngineApi, frame: Frame, format: Arguments): Promise<string> {
  let name = frame.fn.name;
  if (format.optionalBoolean('parameters') === true) {
    const [types, names, values] = ['parameterTypes', 'parameterNames', 'parameterValues'].map(
      (key) => format.optionalBoolean(key) === true,
    );
    const known = values ? await engine.args(frame.index) : [];
    const packet = values ? await packetArgument(engine, frame) : undefined;
    const hex = format.optionalBoolean('hex') !== false;
    const list = frame.fn.params.map((param) => {
      const value = known.find((k) => k.name === param.name)?.value;
      const left = [names === true ? param.name : '', types === true ? param.type : ''].filter(Boolean).join(': ');
      const text = param.name === packet?.name ? packet.text : value && formatValue(value, { hex });
      return text === undefined ? left : `${left}${left === '' ? '' : ' = '}${text}`;
    });
    name += `(${list.filter(Boolean).join(', ')})`;
  }
  if (format.optionalBoolean('line') === true) {
    name += ` Line ${frame.location.line}`;
  }
  return format.optionalBoolean('module') === true ? `${frame.location.file}!${name}` : name;
}

/** The scopes of a frame, in the order people read them. */
async function scopes(session: PacketSession, index: number): Promise<DebugProtocol.Scope[]> {
  const { engine, client, stopped } = session;
  const { frames } = await stopped.stack();
  const frame = frames[index];
  if (frame === undefined) {
    throw new RequestError(`There is no frame ${index}.`);
  }
  const scope = (name: string, container: Container, more: Partial<DebugProtocol.Scope>): DebugProtocol.Scope => ({
    name,
    variablesReference: stopped.reference(container),
    expensive: false,
    ...(container.named > 0 ? { namedVariables: container.named } : {}),
    ...(container.indexed > 0 ? { indexedVariables: container.indexed } : {}),
    ...more,
  });
  const captured = await capturedContainer(engine, frames.slice(index));
  const place = {
    source: toSource(engine, client, frame.fn.file),
    line: client.lineToClient(frame.fn.line),
    endLine: client.lineToClient(frame.fn.endLine),
  };
  return [
    scope('Arguments', argumentsContainer(session, index), { presentationHint: 'arguments', ...place }),
    scope('Locals', localsContainer(session, index), { presentationHint: 'locals', ...place }),
    scope('Registers', registersContainer(session), { presentationHint: 'registers', expensive: true }),
    scope('Rx ring', ringContainer(engine, 'rx'), { expensive: true }),
    scope('Tx ring', ringContainer(engine, 'tx'), { expensive: true }),
    scope('Packet', packetContainer(engine, index), {}),
    ...(captured === undefined ? [] : [scope('Captured packet', captured, {})]),
  ];
}
