import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  crc32c,
  decodeTfRecords,
  encodeTfRecords,
  maskedCrc32c,
  shardFileName,
} from '../../src/data/tfrecord.ts';

const bytes = (n: number, value: (i: number) => number) => Uint8Array.from({ length: n }, (_, i) => value(i));

describe('crc32c', () => {
  // RFC 3720, appendix B.4, and the check value of the CRC catalogue.
  it.each([
    ['32 bytes of zeros', bytes(32, () => 0), 0x8a9136aa],
    ['32 bytes of ones', bytes(32, () => 0xff), 0x62a8ab43],
    ['0 to 31', bytes(32, (i) => i), 0x46dd794e],
    ['31 to 0', bytes(32, (i) => 31 - i), 0x113fdb5c],
    ['123456789', new TextEncoder().encode('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(0), 0],
  ])('of %s', (_, data, checksum) => {
    expect(crc32c(data)).toBe(checksum);
  });

  it('is masked by a rotation and a constant that can be undone', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        const rotated = (maskedCrc32c(data) - 0xa282ead8) >>> 0;
        expect(((rotated >>> 17) | (rotated << 15)) >>> 0).toBe(crc32c(data));
      }),
    );
  });
});

describe('TFRecord framing', () => {
  const FILE = encodeTfRecords([Uint8Array.of(1, 2, 3), Uint8Array.of(), Uint8Array.of(255)]);

  it('has the documented layout', () => {
    expect(FILE.length).toBe(16 * 3 + 4);
    const view = new DataView(FILE.buffer);
    expect([...FILE.subarray(0, 8)]).toEqual([3, 0, 0, 0, 0, 0, 0, 0]);
    expect(view.getUint32(8, true)).toBe(maskedCrc32c(FILE.subarray(0, 8)));
    expect([...FILE.subarray(12, 15)]).toEqual([1, 2, 3]);
    expect(view.getUint32(15, true)).toBe(maskedCrc32c(Uint8Array.of(1, 2, 3)));
  });

  it('round trip, also from the middle of a buffer', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 }),
        fc.nat(9),
        (records, shift) => {
          const file = encodeTfRecords(records);
          const shifted = new Uint8Array(file.length + shift);
          shifted.set(file, shift);
          expect(decodeTfRecords(shifted.subarray(shift))).toEqual({ _tag: 'Right', right: records });
        },
      ),
    );
  });

  it('detects any changed byte and any cut that is not between records', () => {
    const boundaries = [0, 19, 35, FILE.length];
    for (let i = 0; i < FILE.length; i++) {
      const changed = FILE.slice();
      changed[i] = changed[i]! ^ 0x10;
      expect(decodeTfRecords(changed)._tag, `byte ${i} changed`).toBe('Left');
      const cut = decodeTfRecords(FILE.subarray(0, i))._tag;
      expect(cut, `cut at ${i}`).toBe(boundaries.includes(i) ? 'Right' : 'Left');
    }
  });

  it.each([
    ['a cut header', FILE.subarray(0, 24), 'shard, byte 19', '5 bytes'],
    ['a cut record', FILE.subarray(0, 14), 'shard, byte 12', 'the end of the file at byte 14'],
    ['a changed length', FILE.map((v, i) => (i === 0 ? 4 : v)), 'shard, byte 0', 'for a length that has'],
    ['changed data', FILE.map((v, i) => (i === 13 ? 9 : v)), 'shard, byte 12', 'checksum 0x'],
    ['a gzip file', Uint8Array.of(0x1f, 0x8b, ...new Uint8Array(20)), 'shard, byte 0', 'checksum 0x00000000'],
  ])('says where: %s', (_, file, where, found) => {
    const decoded = decodeTfRecords(file, { name: 'shard' });
    if (decoded._tag === 'Right') throw new Error('expected an error');
    expect(decoded.left.where).toBe(where);
    expect(decoded.left.found).toContain(found);
  });

  it('refuses a length out of bounds although its checksum is right', () => {
    const file = new Uint8Array(40);
    const view = new DataView(file.buffer);
    view.setBigUint64(0, 2n ** 62n, true);
    view.setUint32(8, maskedCrc32c(file.subarray(0, 8)), true);
    expect(decodeTfRecords(file)).toMatchObject({ _tag: 'Left', left: { found: `${2n ** 62n} bytes` } });
    expect(decodeTfRecords(FILE, { maximumLength: 2 })).toMatchObject({
      _tag: 'Left',
      left: { where: 'TFRecord data, byte 0', expected: 'a record of at most 2 bytes', found: '3 bytes' },
    });
  });
});

describe('shardFileName', () => {
  it('counts with two digits or more', () => {
    expect([0, 9, 10, 100].map((i) => shardFileName(i))).toEqual([
      '00-10240.tfrec',
      '09-10240.tfrec',
      '10-10240.tfrec',
      '100-10240.tfrec',
    ]);
    expect(shardFileName(1, 3)).toBe('01-3.tfrec');
    expect(() => shardFileName(-1)).toThrow('received -1');
    expect(() => shardFileName(0, 0)).toThrow('received 0, 0');
  });
});
