/** What the page of journeys and the extension say to each other. */
import type { JourneyRow } from './lanes.ts';

export interface ToPage {
  readonly lanes: readonly string[];
  readonly rows: readonly JourneyRow[];
}

export type FromPage = { readonly type: 'ready' } | { readonly type: 'go'; readonly moment: string };
