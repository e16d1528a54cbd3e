import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { classMix, furtherImages, type DomainMix, type MixedDomain } from '../../src/gan/class-mix.ts';

/** Even digits are mostly in the source domain, odd ones in the target domain; four of each in a batch. */
const source: MixedDomain = { counts: [100, 10], shares: [4, 4] };
const target: MixedDomain = { counts: [10, 100], shares: [4, 4] };
const options = { realInputs: 1, finalShare: 0.5, until: 0.5 };

const positions = (mix: DomainMix): Record<string, number[]> =>
  Object.fromEntries(Object.entries(mix).map(([name, tensor]) => [name, Array.from(tensor.dataSync())]));

const mixAt = (progress: number, of = { source, target }, settings = options) => {
  const mix = classMix(of, settings, progress);
  if (mix === null) return null;
  const lists = { source: positions(mix.source), target: positions(mix.target) };
  tf.dispose([mix.source, mix.target]);
  return lists;
};

describe('the mix of scarce classes', () => {
  it('asks for as many further images as are translated to the other domain', () => {
    expect(furtherImages(source, target, 1)).toEqual([3, 0]);
    expect(furtherImages(target, source, 3)).toEqual([0, 1]);
  });

  it('is what a hand computes at the start: equal shares, one real image of a scarce class', () => {
    // Source: 0–3 even, 4–7 odd (scarce), 8–10 further even. Target: 0–3 even (scarce), 4–7 odd, 8–10 further odd.
    expect(mixAt(0)).toEqual({
      source: {
        back: [8, 9, 10],
        input: [0, 1, 2, 3, 4, 11, 12, 13],
        real: [0, 1, 2, 3, 4, 5, 6, 7],
        generated: [0, 1, 2, 3, 4, 5, 6, 7],
      },
      target: {
        back: [8, 9, 10],
        input: [0, 11, 12, 13, 4, 5, 6, 7],
        real: [0, 1, 2, 3, 4, 5, 6, 7],
        generated: [0, 1, 2, 3, 4, 5, 6, 7],
      },
    });
  });

  it('shows fewer of the scarce class in the end, real and generated alike', () => {
    const end = mixAt(0.5)!;
    expect(end.source['real']).toEqual([0, 1, 2, 3, 8, 9, 4, 5]);
    expect(end.source['generated']).toEqual([0, 1, 2, 3, 0, 1, 4, 5]);
    expect(end.target['real']).toEqual([0, 1, 4, 5, 6, 7, 8, 9]);
    expect(end.target['generated']).toEqual([0, 1, 4, 5, 6, 7, 4, 5]);
    expect(mixAt(0.9)).toEqual(end);
    expect(mixAt(0.25)!.target['real']).toEqual([0, 1, 2, 4, 5, 6, 7, 8]);
  });

  it('leaves the shares alone where all classes of a domain are scarce, as with a CycleGAN a class', () => {
    const mix = mixAt(1, {
      source: { counts: [100], shares: [4] },
      target: { counts: [10], shares: [4] },
    })!;
    expect(mix.target).toEqual({
      back: [4, 5, 6],
      input: [0, 4, 5, 6],
      real: [0, 1, 2, 3],
      generated: [0, 1, 2, 3],
    });
    expect(mix.source).toEqual({
      back: [],
      input: [0, 1, 2, 3],
      real: [0, 1, 2, 3],
      generated: [0, 1, 2, 3],
    });
  });

  it('leaves the shares alone where one of the domains has no other class', () => {
    const few = { counts: [10, 0], shares: [4, 0] };
    const many = { counts: [100, 100], shares: [2, 2] };
    const mix = mixAt(1, { source: few, target: many })!;
    expect(mix.source['real']).toEqual([0, 1, 2, 3]);
    expect(mix.source['generated']).toEqual([0, 1, 2, 3]);
    const other = mixAt(1, {
      source: { counts: [10, 50], shares: [2, 2] },
      target: { counts: [100, 0], shares: [4, 0] },
    })!;
    expect(other.source['real']).toEqual([0, 1, 2, 3]);
    expect(other.source['generated']).toEqual([0, 1, 2, 3]);
  });

  it('is what a hand computes for three classes, of which one is scarce', () => {
    // Of a batch of 8, two are of class 0 and three of each other one; all of class 2 are scarce in the target domain.
    const all = { counts: [100, 100, 100], shares: [2, 3, 3] };
    const few = { counts: [100, 100, 10], shares: [2, 3, 3] };
    const mix = mixAt(1, { source: all, target: few }, { realInputs: 1, finalShare: 0.3, until: 0 })!;
    // Two further source images of class 2, at 8 and 9, are translated; the target's tensor goes on with them at 8.
    expect(mix.target).toEqual({
      back: [8, 9],
      input: [0, 1, 2, 3, 4, 5, 8, 9],
      real: [0, 1, 0, 2, 3, 4, 2, 5],
      generated: [0, 1, 0, 2, 3, 4, 2, 5],
    });
    expect(mix.source).toEqual({
      back: [],
      input: [0, 1, 2, 3, 4, 5, 6, 7],
      real: [0, 1, 2, 3, 4, 5, 6, 7],
      generated: [0, 1, 2, 3, 4, 5, 6, 7],
    });
  });

  it('is none where no class has less than half as many images', () => {
    expect(mixAt(0, { source, target: { counts: [50, 19], shares: [4, 4] } })).toBeNull();
    expect(mixAt(0, { source, target: { counts: [49, 19], shares: [4, 4] } })).not.toBeNull();
  });

  it('passes a class by that a domain has no image of', () => {
    const mix = mixAt(0, {
      source: { counts: [100, 0], shares: [8, 0] },
      target: { counts: [10, 100], shares: [4, 4] },
    })!;
    expect(mix.source['input']).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(mix.source['generated']).toHaveLength(8);
    expect(mix.target['generated']).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});
