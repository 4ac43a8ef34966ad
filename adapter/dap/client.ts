/** The conventions a client announces with `initialize`: where lines and columns start, and how paths are written. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Arguments, RequestError } from './arguments.ts';

/** Lines and columns inside the adapter count from 1, paths are the platform's. */
export class ClientConventions {
  readonly id: string;
  readonly #firstLine: number;
  readonly #firstColumn: number;
  readonly #uris: boolean;
  /** The client understands the `invalidated` event. */
  readonly supportsInvalidatedEvent: boolean;
  /** The client shows memory, and wants to know when it changes. */
  readonly supportsMemoryEvent: boolean;
  /** The client shows text with escape sequences in colours. */
  readonly supportsANSIStyling: boolean;
  /** The client starts further sessions when it is asked to. */
  readonly supportsStartDebugging: boolean;
  /** The client runs programs in a terminal of its own. */
  readonly supportsRunInTerminal: boolean;
  /** The client shows `progressStart`, `progressUpdate` and `progressEnd`. */
  readonly supportsProgressReporting: boolean;

  constructor(args: Arguments) {
    this.id = args.optionalString('clientID') ?? '';
    this.#firstLine = args.optionalBoolean('linesStartAt1') === false ? 0 : 1;
    this.#firstColumn = args.optionalBoolean('columnsStartAt1') === false ? 0 : 1;
    const format = args.optionalString('pathFormat') ?? 'path';
    if (format !== 'path' && format !== 'uri') {
      throw new RequestError(`initialize: pathFormat must be "path" or "uri", not "${format}"`);
    }
    this.#uris = format === 'uri';
    this.supportsInvalidatedEvent = args.optionalBoolean('supportsInvalidatedEvent') ?? false;
    this.supportsMemoryEvent = args.optionalBoolean('supportsMemoryEvent') ?? false;
    this.supportsANSIStyling = args.optionalBoolean('supportsANSIStyling') ?? false;
    this.supportsStartDebugging = args.optionalBoolean('supportsStartDebuggingRequest') ?? false;
    this.supportsRunInTerminal = args.optionalBoolean('supportsRunInTerminalRequest') ?? false;
    this.supportsProgressReporting = args.optionalBoolean('supportsProgressReporting') ?? false;
  }

  lineFromClient(line: number): number {
    return line - this.#firstLine + 1;
  }

  lineToClient(line: number): number {
    return line - 1 + this.#firstLine;
  }

  columnFromClient(column: number): number {
    return column - this.#firstColumn + 1;
  }

  columnToClient(column: number): number {
    return column - 1 + this.#firstColumn;
  }

  pathFromClient(path: string): string {
    if (!path.startsWith('file:')) {
      return path;
    }
    try {
      return fileURLToPath(path);
    } catch {
      return path;
    }
  }

  pathToClient(path: string): string {
    return this.#uris ? pathToFileURL(path).href : path;
  }
}
