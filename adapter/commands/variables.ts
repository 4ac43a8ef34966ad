/** Convenience variables that the debugger sets. */
export const DEBUGGER_VARIABLES: Readonly<Record<string, string>> = {
  pkt: "The packet that the function handles; its fields have Wireshark's names: `$pkt.tcp.dstport == 5556`.",
  _: 'The address that `x` examined last.',
  _exitcode: 'How the machine ended.',
  _hostfwd: 'The host port of the first forwarding rule, once the machine runs.',
  _hostport: 'The port of the last `host listen`.',
  _shell_exitcode: 'How the last `shell` command ended.',
  bpnum: 'Number of the breakpoint that was set last.',
  pc: 'Where the selected frame stands: the number of the probe of its statement.',
  argc: 'Number of arguments of a user-defined command.',
};
