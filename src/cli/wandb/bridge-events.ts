/**
 * What `python/wandb_bridge.py` is sent and what it answers, one JSON object a line. The script is small and knows
 * nothing of run folders: all decoding is done on this side.
 */
import * as t from 'io-ts';
import { naturalNumber, nullable } from '../../config/codecs.ts';
import type { Json } from '../../config/json.ts';

/** A table as W&B shows it. */
export interface BridgeTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** All that is logged after so many steps. */
export interface BridgeRow {
  readonly step: number;
  readonly values: Readonly<Record<string, number | string>>;
  /** PNG files in base64, by name. */
  readonly images?: Readonly<Record<string, string>>;
  readonly tables?: Readonly<Record<string, BridgeTable>>;
}

/** Arguments of `wandb.init`. */
export interface BridgeInit {
  readonly project: string;
  readonly entity?: string;
  readonly id: string;
  readonly name: string;
  readonly group: string;
  readonly job_type: string;
  readonly tags: readonly string[];
  readonly config: Json;
  readonly dir: string;
  readonly mode: 'offline' | 'online';
}

/** A file that W&B keeps as a version of an artifact. */
export interface BridgeArtifact {
  readonly name: string;
  readonly file: string;
  readonly aliases: readonly string[];
  readonly metadata: Json;
}

/** What the script is sent; `run` says for which of the open runs. */
export type BridgeEvent = { readonly run: string } & (
  | { readonly event: 'begin'; readonly init: BridgeInit }
  | ({ readonly event: 'log' } & BridgeRow)
  | ({ readonly event: 'artifact' } & BridgeArtifact)
  | { readonly event: 'mark' }
  | { readonly event: 'finish' }
);

/** What the script says once it is there. */
export const BridgeStartCodec = t.union([
  t.readonly(t.type({ event: t.literal('ready'), wandb: t.string, pillow: t.boolean })),
  t.readonly(t.type({ event: t.literal('missing'), reason: t.string })),
]);
/** Whether wandb is there. */
export type BridgeStart = t.TypeOf<typeof BridgeStartCodec>;

/** The script's answer to `begin`, with the first step that W&B does not have yet. */
export const BegunCodec = t.readonly(
  t.type({
    event: t.literal('begun'),
    step: naturalNumber,
    folder: t.string,
    url: nullable(t.string),
  }),
);
/** Where a run of W&B is. */
export type Begun = t.TypeOf<typeof BegunCodec>;

/** The script's answers to `begin`, `mark` and `finish`, in their order; an error ends it. */
export const BridgeAnswerCodec = t.union([
  BegunCodec,
  t.readonly(t.type({ event: t.literal('marked') })),
  t.readonly(t.type({ event: t.literal('finished') })),
  t.readonly(t.type({ event: t.literal('error'), reason: t.string })),
]);
/** An answer of the script. */
export type BridgeAnswer = t.TypeOf<typeof BridgeAnswerCodec>;
