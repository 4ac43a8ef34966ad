/** The command line is wrong, or asks for what is not here; the message says which word. */
export class PasstOptionError extends Error {
  override name = 'PasstOptionError';
}
