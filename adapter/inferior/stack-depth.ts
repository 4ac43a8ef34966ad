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
