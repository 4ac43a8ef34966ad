/** The calls that this thread is in, as V8 tells of them. */

/** Frames of the code under `url` on this thread's call stack. */
export function stackDepth(url: string): number {
  const limit = Error.stackTraceLimit;
  const prepare = Error.prepareStackTrace;
  Error.stackTraceLimit = 1000;
  Error.prepareStackTrace = (_e, sites) => sites.filter((s) => s.getFileName()?.startsWith(url)).length;
  const n = new Error().stack as unknown as number;
  Error.prepareStackTrace = prepare;
  Error.stackTraceLimit = limit;
  return n;
}

/** Names of the functions under `url` that this thread is in, innermost first. */
export function functionNames(url: string): readonly string[] {
  const { stackTraceLimit: limit, prepareStackTrace: prepare } = Error;
  Error.stackTraceLimit = 1000;
  Error.prepareStackTrace = (_e, sites) =>
    sites.filter((s) => s.getFileName()?.startsWith(url)).map((s) => s.getFunctionName() ?? '');
  const names = new Error().stack as unknown as readonly string[];
  Error.prepareStackTrace = prepare;
  Error.stackTraceLimit = limit;
  return names;
}

/** So many callers may be left out of back traces before the one that is not. */
const CALLERS = 4;

/** Calls of the code under `url` around the one that called the debugger: `file:line:name`, innermost first. */
export function callersOf(url: string): readonly string[] {
  const { stackTraceLimit: limit, prepareStackTrace: prepare } = Error;
  // The debugger's own frames are few.
  Error.stackTraceLimit = 12;
  Error.prepareStackTrace = (_e, sites) =>
    sites
      .filter((s) => s.getFileName()?.startsWith(url))
      .slice(1, CALLERS)
      .map((s) => `${s.getFileName()?.slice(url.length + 1)}:${s.getLineNumber()}:${s.getFunctionName() ?? ''}`);
  const callers = new Error().stack as unknown as readonly string[];
  Error.prepareStackTrace = prepare;
  Error.stackTraceLimit = limit;
  return callers;
}
