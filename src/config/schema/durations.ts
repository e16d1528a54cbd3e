/**
 * Durations: optimizer steps, or epochs, of which the number of images says how many steps they are. Both are the same
 * setting: a file that gives one of them takes the place of the other one in what it extends.
 */
import * as t from 'io-ts';
import { nullable, positiveInteger, recognized } from '../codecs.ts';
import { setting } from './section.ts';

/** So many optimizer steps, or so many passes over the images. */
export type Duration = { readonly steps: number } | { readonly epochs: number };

const isDuration = (value: unknown): value is Duration => {
  if (!t.UnknownRecord.is(value)) return false;
  const [[key, count] = [], ...others] = Object.entries(value);
  return others.length === 0 && (key === 'steps' || key === 'epochs') && positiveInteger.is(count);
};

/** A duration as a file writes it. */
export const DurationCodec = recognized(
  'a duration: { steps: n } or { epochs: n }, n an integer above 0',
  isDuration,
);

/** How long a training is: for use in a section. */
export const lengthSettings = (epochs: number, ofWhat: string) => ({
  epochs: setting(ofWhat, positiveInteger, epochs),
  steps: setting(
    'Optimizer steps, in place of epochs; null: epochs say how long.',
    nullable(positiveInteger),
    null,
  ),
});

/**
 * The optimizer steps of a duration.
 *
 * @param length Steps where they are given, else epochs.
 * @param stepsPerEpoch Of the images at hand.
 */
export function stepsOf(
  length: Duration | { readonly steps: number | null; readonly epochs: number },
  stepsPerEpoch: number,
): number {
  if ('steps' in length && length.steps !== null) return length.steps;
  return (length as { readonly epochs: number }).epochs * stepsPerEpoch;
}
