/** The themes of the campaign, by name. They are loaded when they are run. */
import type { Theme } from './theme.ts';

export const THEMES: Readonly<Record<string, () => Promise<Theme>>> = {
  captures: async () => (await import('./captures.ts')).captures,
  slirp: async () => (await import('./slirp.ts')).slirp,
  nic: async () => (await import('./nic.ts')).nic,
  dap: async () => (await import('./dap.ts')).dap,
  mcp: async () => (await import('./mcp.ts')).mcp,
  scripts: async () => (await import('./scripts.ts')).scripts,
  filters: async () => (await import('./filters.ts')).filters,
  history: async () => (await import('./history.ts')).history,
  faults: async () => (await import('./faults.ts')).faults,
  soak: async () => (await import('./soak.ts')).soak,
};
