import { describe, expect, it } from 'vitest';
import { readFrame, type Frame } from '../../../src/data/jpeg/frame.ts';
import { upsampling } from '../../../src/data/jpeg/upsampling.ts';

/** A frame of two components, of which the second has one sample where the first has `horizontal` × `vertical`. */
function frameOf(width: number, height: number, horizontal: number, vertical: number): Frame {
  const header = [8, 0, height, 0, width, 2, 1, horizontal * 16 + vertical, 0, 2, 0x11, 0];
  return readFrame(Uint8Array.of(...header, ...new Uint8Array(100)), 0, false);
}

function rowsOf(frame: Frame, samples: readonly (readonly number[])[]): number[][] {
  const component = frame.components[1]!;
  // Filling that no row may see.
  component.plane.fill(255);
  samples.forEach((row, y) => component.plane.set(row, y * component.stride));
  return Array.from({ length: frame.height }, (_, y) => {
    const out = new Uint8Array(2 * frame.width + 8);
    upsampling(component, frame)(component, y, out);
    return [...out.subarray(0, frame.width)];
  });
}

describe('samples of a lower resolution', () => {
  it('are spread over twice the columns with weights of 3 and 1, rounded in turns', () => {
    // (3·0 + 8 + 2) / 4, (3·8 + 0 + 1) / 4, (3·8 + 100 + 2) / 4, (3·100 + 8 + 1) / 4
    expect(rowsOf(frameOf(6, 1, 2, 1), [[0, 8, 100]])).toEqual([[0, 2, 6, 31, 77, 100]]);
  });

  it('are spread over twice the rows likewise', () => {
    expect(rowsOf(frameOf(1, 4, 1, 2), [[10], [21]])).toEqual([[10], [13], [18], [21]]);
  });

  it('are spread over both with one rounding', () => {
    const [first, second] = rowsOf(frameOf(5, 3, 2, 2), [
      [0, 16, 32],
      [64, 16, 32],
    ]);
    expect(first).toEqual([0, 4, 12, 20, 28]);
    // Columns of 3·0 + 64, 3·16 + 16 and 3·32 + 32, divided by 4 and by 4 again.
    expect(second).toEqual([16, 16, 16, 20, 28]);
  });

  it('are repeated where there are one or two columns, and in other ratios', () => {
    expect(rowsOf(frameOf(4, 1, 2, 1), [[0, 8]])).toEqual([[0, 0, 8, 8]]);
    expect(
      rowsOf(frameOf(5, 2, 3, 1), [
        [1, 9],
        [2, 7],
      ]),
    ).toEqual([
      [1, 1, 1, 9, 9],
      [2, 2, 2, 7, 7],
    ]);
    expect(rowsOf(frameOf(2, 4, 1, 4), [[5, 6]])).toEqual([
      [5, 6],
      [5, 6],
      [5, 6],
      [5, 6],
    ]);
  });

  it('that cannot be spread over whole ones are refused', () => {
    const header = [8, 0, 9, 0, 9, 2, 1, 0x31, 0, 2, 0x21, 0];
    expect(() => readFrame(Uint8Array.of(...header, ...new Uint8Array(100)), 0, false)).toThrow(
      'sampling factors that divide the largest',
    );
  });
});
