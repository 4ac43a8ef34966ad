/** Source requests, and how the stack's files are found from what a client calls them. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { EngineApi } from '../engine/api.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type { ClientConventions } from './client.ts';
import type { Family } from './request.ts';

export const sourceRequests: Family = {
  source: {
    cancellable: true,
    handle: async (session, args): Promise<DebugProtocol.SourceResponse['body']> => {
      const { engine, client } = session;
      const reference = args.optionalNumber('sourceReference') ?? 0;
      const file = reference > 0 ? engine.info.files[reference - 1] : stackFile(engine, client, args.object('source'));
      if (file === undefined) {
        throw new RequestError('There is no such source: it is not a file of the stack.');
      }
      try {
        return { content: await readFile(join(engine.sourceRoot, file), 'utf8'), mimeType: 'text/typescript' };
      } catch (error) {
        throw new RequestError(`The source ${file} cannot be read: ${(error as Error).message}`);
      }
    },
  },
  loadedSources: {
    capabilities: { supportsLoadedSourcesRequest: true },
    handle: (session): DebugProtocol.LoadedSourcesResponse['body'] => ({
      sources: session.engine.info.files.map((file) => toSource(session.engine, session.client, file)),
    }),
  },
};

/** A file of the stack as DAP's Source. */
export function toSource(engine: EngineApi, client: ClientConventions, file: string): DebugProtocol.Source {
  return { name: basename(file), path: client.pathToClient(join(engine.sourceRoot, file)), origin: 'packet path' };
}

/**
 * The stack's file that `source` names: by its path below the source root, or by a path that ends like one.
 * The latter finds a copy in `dist` or in another checkout. Undefined for files of other programs.
 */
export function stackFile(engine: EngineApi, client: ClientConventions, source: Arguments): string | undefined {
  const path = source.optionalString('path');
  if (path === undefined) {
    const reference = source.optionalNumber('sourceReference') ?? 0;
    return reference > 0 ? engine.info.files[reference - 1] : undefined;
  }
  return matchFile(engine, client.pathFromClient(path));
}

function matchFile(engine: EngineApi, path: string): string | undefined {
  const wanted = slashes(path).replace(/\.js$/, '.ts');
  const root = `${slashes(engine.sourceRoot)}/`;
  if (wanted.startsWith(root)) {
    const relative = wanted.slice(root.length);
    return engine.info.files.find((file) => file === relative);
  }
  let best: string | undefined;
  for (const file of engine.info.files) {
    if ((wanted === file || wanted.endsWith(`/${file}`)) && file.length > (best?.length ?? 0)) {
      best = file;
    }
  }
  return best;
}

function slashes(path: string): string {
  return path.replaceAll('\\', '/');
}
