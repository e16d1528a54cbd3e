import { describe, expect, it } from 'vitest';
import { compose, imageBatch, type Images } from '../../src/augmentation/images.ts';
import {
  minusOneToOne,
  signedToUnit,
  toBytes,
  zeroToOne,
  grayscale,
  imagenetNormalization,
} from '../../src/augmentation/scaling.ts';
import { randomKey } from '../../src/random/random.ts';
import { expectClose, flatten } from '../support/fixture.ts';
import { expectWithin, images, of } from './golden-cases.ts';

describe('scalings', () => {
  it('bytes survive the way to [−1, 1] and back by rounding; truncation loses at most one', () => {
    const all = imageBatch(
      Uint8Array.from({ length: 256 }, (_, i) => i),
      [1, 16, 16, 1],
    );
    expect(toBytes(minusOneToOne(all))).toEqual(all);
    toBytes(minusOneToOne(all), { rounding: 'truncate' }).pixels.forEach((value, i) =>
      expect([i, i - 1]).toContain(value),
    );
    const unit = zeroToOne(all).pixels;
    signedToUnit(minusOneToOne(all)).pixels.forEach((value, i) => expect(value).toBeCloseTo(unit[i]!, 6));
  });
  it('clamps what lies outside [−1, 1] instead of wrapping around', () => {
    const wide = imageBatch(Float32Array.of(-3, -1.001, 1.001, 3), [1, 2, 2, 1]);
    expect([...toBytes(wide).pixels]).toEqual([0, 0, 255, 255]);
    expect([...toBytes(wide, { rounding: 'truncate' }).pixels]).toEqual([0, 0, 255, 255]);
  });
});

describe('scalings of the reference', () => {
  const scalings: Record<string, (images: Images) => Images> = {
    'zero-one': zeroToOne,
    'minusone-one': minusOneToOne,
    'minusone-one-to-zero-one': signedToUnit,
    grayscale,
  };
  it.each(of('basic'))('%s', (_, c) => {
    const scale = c.type === 'none' ? compose() : (scalings[c.type] ?? (() => expect.fail(c.type)));
    expectClose(scale(images(c.input), randomKey(0)).pixels, c.output, c.type === 'none' ? 0 : 1e-6);
  });
  it.each(of('imagenet'))('%s', (_, c) => {
    expectClose(imagenetNormalization(images(c.input)).pixels, c.output, 1e-6);
  });
});

describe('the reference, from stage 1 to stage 2', () => {
  it.each(of('stage-1 output to uint8'))('%s', (_, c) => {
    expectClose(minusOneToOne(images(c.image)).pixels, c.generatorInput, 1e-6);
    const output = images(c.generatorOutput);
    expectWithin(toBytes(output, { rounding: 'truncate' }), c.stored, 0);
    const rounded = toBytes(output).pixels;
    const exact = flatten(c.generatorOutput.values).map((y) => 255 * (y / 2 + 0.5));
    exact.forEach((value, i) => expect(Math.abs(rounded[i]! - value)).toBeLessThanOrEqual(0.5 + 1e-4));
  });
});
