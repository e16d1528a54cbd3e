import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FOREIGN_BYTES, foreignFormat } from '../../src/weights/foreign-formats.ts';

/**
 * How real files begin: PyTorch 1.13.0 (a.pth and pytorch_model.bin alike, old.pt, script.pt, m.onnx), Keras 3.15.1,
 * TensorFlow 2.21.0, onnx 1.23.2, Python 3.11. The lines of Python that the cures give were run on all of these.
 */
const FOREIGN = [
  [
    'a.pth',
    'UEsDBAAACAgAAAAAAAAAAAAAAAAAAAAAAAAKABgAYS9kYXRhLnBrbEZCFABaWlpaWlpaWlpaWlpaWlpa',
    /torch\.save\)/,
  ],
  [
    'old.pt',
    'gAKKCmz8nEb5IGqoUBkugAJN6QMugAJ9cQAoWBAAAABwcm90b2NvbF92ZXJzaW9ucQFN6QNYDQAAAGxp',
    /before 1\.6/,
  ],
  [
    'script.pt',
    'UEsDBAAACAgAAAAAAAAAAAAAAAAAAAAAAAANABUAc2NyaXB0L2RhdGEvMEZCEQBaWlpaWlpaWlpaWlpa',
    /TorchScript/,
  ],
  ['k.keras', 'UEsDBBQAAAAAAAAAIQCTponeQAAAAEAAAAANAAAAbWV0YWRhdGEuanNvbnsia2VyYXNfdmVyc2lvbiI6', /\.keras/],
  ['m.onnx', 'CAcSB3B5dG9yY2gaBjEuMTMuMDrEBAp5Cgxvbm54OjpHZW1tXzAKCm91dC53ZWlnaHQKCG91dC5iaWFz', /ONNX/],
  ['k.onnx', 'CA46mQEKIgoBeAoKb3V0L2tlcm5lbAoIb3V0L2JpYXMSAXkiBEdlbW0SAWcqLAgCCAMQAUIKb3V0L2tl', /ONNX/],
  ['frozen.pb', 'ClMKCm91dC9rZXJuZWwSBUNvbnN0KgsKBWR0eXBlEgIwASoxCgV2YWx1ZRIoQiYIARIIEgIIAhICCAMi', /frozen/],
  ['p.pkl', 'gASV6QAAAAAAAAB9lCiMCm91dC9rZXJuZWyUjBZudW1weS5fY29yZS5tdWx0aWFycmF5lIwMX3JlY29u', /pickle/],
  ['saved/saved_model.pb', 'CAES3qkBCtYOEqYOCl4KEEFzc2lnblZhcmlhYmxlT3ASDAoIcmVzb3VyY2UYFBIO', /SavedModel/],
  [
    'checkpoint',
    'bW9kZWxfY2hlY2twb2ludF9wYXRoOiAibW9kZWwuY2twdCIKYWxsX21vZGVsX2NoZWNrcG9pbnRfcGF0',
    /list of/,
  ],
] as const;

/** Those of files that are read. */
const READ = [
  ['truth.npz', 'UEsDBBQAAAAAAAAAIQA6KfqmmAAAAJgAAAAOABQAb3V0LndlaWdodC5ucHkBABAAmAAAAAAAAACYAAAA'],
  ['k.h5', 'iUhERg0KGgoAAAAAAAgIAAQAEAAAAAAAAAAAAAAAAAD//////////yhGAAAAAAAA//////////8AAAAA'],
  ['a.safetensors', '0AEAAAAAAAB7ImJuLm51bV9iYXRjaGVzX3RyYWNrZWQiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6W10s'],
] as const;

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

describe('formats that are not read', () => {
  it.each(FOREIGN)('%s is told by its first bytes, with a line of Python', (name, base64, found) => {
    for (const path of [name, `${name}.weights`, null]) {
      const foreign = foreignFormat(bytesOf(base64), path);
      expect(foreign?.found).toMatch(found);
      expect(foreign?.cure).toMatch(/give \S+\.(?:npz|safetensors): python -c 'import [^']+'/);
    }
  });

  it.each(READ)('%s is left to those who read it', (name, base64) => {
    expect(foreignFormat(bytesOf(base64), name)).toBe(null);
  });

  it('puts the path into the line, but none that a shell would take apart', () => {
    const torch = bytesOf(FOREIGN[0][1]);
    expect(foreignFormat(torch, 'runs/a.b/best.ckpt')!.cure).toContain('give runs/a.b/best.safetensors:');
    for (const path of [`a'b.pth`, 'a"; import os #.pth', '$(x).pth', 'a\nb.pth', 'a`b`.pth']) {
      expect(foreignFormat(torch, path)!.cure).toContain('torch.load("model.pth"');
    }
    expect(foreignFormat(bytesOf(FOREIGN[9][1]), '/runs/checkpoint')!.cure).toContain('("/runs/model.ckpt")');
    expect(foreignFormat(bytesOf(FOREIGN[8][1]), 'a/saved/saved_model.pb')!.cure).toContain('("a/saved")');
    expect(foreignFormat(bytesOf(FOREIGN[8][1]), 'saved_model.pb')!.cure).toContain(
      '("."); np.savez("model.npz"',
    );
  });

  it('knows what comes of a download that went wrong', () => {
    const text = (value: string) => foreignFormat(new TextEncoder().encode(value), null)?.found;
    expect(text('version https://git-lfs.github.com/spec/v1\noid sha256:')).toMatch(/Git LFS/);
    expect(text('<!DOCTYPE html><title>404</title>')).toBe('a web page');
    expect(text('PK\u0003\u0004')).toBe(undefined);
    const zip = Buffer.from(Buffer.from(FOREIGN[3][1], 'base64'));
    zip.write('weights/a.h5 ', 30);
    expect(foreignFormat(zip, null)).toMatchObject({
      found: 'a zip archive that begins with "weights/a.h5 "',
      cure: expect.stringContaining('unpack it'),
    });
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...FOREIGN.map(([, base64]) => base64)),
        fc.nat(60),
        fc.uint8Array({ maxLength: 64 }),
        (base64, length, tail) => {
          const start = bytesOf(base64).subarray(0, length);
          const foreign = foreignFormat(Buffer.concat([start, tail]).subarray(0, FOREIGN_BYTES), null);
          expect(foreign === null || foreign.cure.length > 0).toBe(true);
        },
      ),
      { seed: 5, numRuns: 500 },
    );
  });
});
