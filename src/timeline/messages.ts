/** What the timeline's page and the extension say to each other. */
import type { TimelineArguments, TimelineRange } from '../../adapter/dap/custom.ts';
import type { SessionState } from '../session/session-state.ts';

import type { Found } from './found-rows.ts';

/** Buttons in the title of the view. */
export type TimelineCommand = 'zoomIn' | 'zoomOut' | 'showAll' | 'toggleAxis';

export type FromPage =
  | { readonly type: 'ready' }
  /** What is to be read from now on, again whenever something happens. */
  | { readonly type: 'wanted'; readonly wanted: TimelineArguments }
  /** A moment in `pktgdb/goTo`'s words. */
  | { readonly type: 'go'; readonly moment: string };

export type ToPage =
  /** What there is, and what the machine is doing; no range if nothing is recorded. */
  | { readonly type: 'range'; readonly state: SessionState; readonly range?: TimelineRange }
  /** What queries have found. */
  | { readonly type: 'found'; readonly found: Found }
  /** The machine is not there where it was to go. */
  | { readonly type: 'refused' }
  | { readonly type: 'command'; readonly command: TimelineCommand };
