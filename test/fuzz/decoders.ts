/** All decoders of bytes from outside. */
import type { Decoder } from './decoder.ts';
import { IMAGE_DECODERS } from './image-decoders.ts';
import { LOG_DECODERS } from './log-decoders.ts';
import { RECORD_DECODERS } from './record-decoders.ts';
import { RUN_DECODERS } from './run-decoders.ts';
import { TEXT_DECODERS } from './text-decoders.ts';
import { WEIGHT_DECODERS } from './weight-decoders.ts';

/** Each has a name of its own. */
export const DECODERS: readonly Decoder[] = [
  ...IMAGE_DECODERS,
  ...RECORD_DECODERS,
  ...WEIGHT_DECODERS,
  ...TEXT_DECODERS,
  ...RUN_DECODERS,
  ...LOG_DECODERS,
];
