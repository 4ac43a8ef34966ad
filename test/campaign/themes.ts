/** The themes of the campaign, by name. They are loaded when they are run. */
import type { Theme } from './theme.ts';

export const THEMES: Readonly<Record<string, () => Promise<Theme>>> = {
  captures: async () => (await import('./captures.ts')).captures,
  filters: async () => (await import('./filters.ts')).filters,
  nic: async () => (await import('./nic.ts')).nic,
  scripts: async () => (await import('./scripts.ts')).scripts,
  slirp: async () => (await import('./slirp.ts')).slirp,
};
