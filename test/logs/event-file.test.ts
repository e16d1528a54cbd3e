import { either as E } from 'fp-ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../../src/data/png.ts';
import { decodeTfRecords, encodeTfRecords } from '../../src/data/tfrecord.ts';
import {
  decodeEvents,
  encodeEvent,
  encodeVersion,
  eventFileName,
  eventStep,
  sameButTime,
  type LoggedEvent,
} from '../../src/logs/event-file.ts';
import type { LogEntry } from '../../src/logs/run-logger.ts';
import { fieldsOf, numberField, only, stringField } from '../support/wire-format.ts';

function decoded(entries: readonly LogEntry[], wallTime = 1.5): readonly LoggedEvent[] {
  const file = encodeTfRecords([encodeVersion(1), ...entries.map((entry) => encodeEvent(entry, wallTime))]);
  const events = decodeEvents(file);
  if (E.isLeft(events)) throw new Error(JSON.stringify(events.left));
  return events.right.slice(1);
}

const image = (width: number, height: number, channels: number) => ({
  width,
  height,
  channels,
  pixels: new Uint8Array(width * height * channels).fill(9),
});

/** The only value of an event, read by field numbers alone. */
function valueOf(entry: LogEntry) {
  const event = fieldsOf(encodeEvent(entry, 2.25));
  const value = fieldsOf(only(fieldsOf(only(event, 5)), 1));
  const tensor = fieldsOf(only(value, 8));
  const metadata = fieldsOf(only(value, 9));
  return {
    wallTime: new DataView(only(event, 1).slice().buffer).getFloat64(0, true),
    step: numberField(event, 2),
    tag: stringField(value, 1),
    plugin: stringField(fieldsOf(only(metadata, 1)), 1),
    dataClass: numberField(metadata, 4),
    dtype: numberField(tensor, 1),
    shape: (fieldsOf(only(tensor, 2)).get(2) ?? []).map((dim) => numberField(fieldsOf(dim), 1)),
    floats: tensor.get(5) ?? [],
    strings: tensor.get(8) ?? [],
  };
}
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('an event on the wire, field by field as event.proto, summary.proto and tensor.proto number them', () => {
  it('of the version is the first record that TensorBoard asks for', () => {
    const event = fieldsOf(encodeVersion(1700000000));
    expect(stringField(event, 3)).toBe('brain.Event:2');
    expect(stringField(fieldsOf(only(event, 10)), 1)).toBe('model-patching');
  });

  it('of a scalar is a float of rank 0, of the plugin scalars and the class SCALAR', () => {
    const { floats, ...others } = valueOf({ kind: 'scalars', step: 300, values: { 'train/loss': 0.625 } });
    expect(others).toEqual({
      wallTime: 2.25,
      step: 300,
      tag: 'train/loss',
      plugin: 'scalars',
      dataClass: 1,
      dtype: 1,
      shape: [],
      strings: [],
    });
    expect(new DataView(floats[0]!.slice().buffer).getFloat32(0, true)).toBe(0.625);
  });

  it('of images is a list of width, height and PNG files, of the class BLOB_SEQUENCE', () => {
    const pictures = [image(3, 2, 1), encodePng(image(3, 2, 3))];
    const { strings, ...others } = valueOf({ kind: 'images', step: 1, name: 'gallery', images: pictures });
    expect(others).toMatchObject({ tag: 'gallery', plugin: 'images', dataClass: 3, dtype: 7, shape: [4] });
    expect(strings.slice(0, 2).map(textOf)).toEqual(['3', '2']);
    expect(strings.slice(2).map((png) => [...png.subarray(0, 4)])).toEqual([
      [0x89, 0x50, 0x4e, 0x47],
      [0x89, 0x50, 0x4e, 0x47],
    ]);
  });

  it('of a text is a string of rank 0, of the class TENSOR', () => {
    const { strings, ...others } = valueOf({ kind: 'text', step: 2, name: 'note', markdown: '**ä**' });
    expect(others).toMatchObject({ step: 2, tag: 'note', plugin: 'text', dataClass: 2, dtype: 7, shape: [] });
    expect(strings.map(textOf)).toEqual(['**ä**']);
  });

  it('of settings is a text of step 0 that is the settings in YAML', () => {
    const { strings, tag } = valueOf({ kind: 'settings', settings: { seed: 1, data: { kind: 'mnist' } } });
    expect([tag, ...strings.map(textOf)]).toEqual([
      'configuration',
      '```yaml\nseed: 1\ndata:\n  kind: mnist\n```',
    ]);
  });
});

describe('events', () => {
  it('hold any number as its single precision, NaN and infinities too', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1 }), fc.double(), { minKeys: 1 }),
        fc.nat(2 ** 31),
        fc.double({ min: 1, max: 1e10, noNaN: true }),
        (values, step, wallTime) => {
          const [event] = decoded([{ kind: 'scalars', step, values }], wallTime);
          expect(event).toEqual({
            step,
            wallTime,
            values: Object.entries(values).map(([tag, value]) => ({
              kind: 'scalar',
              tag,
              value: Math.fround(value),
            })),
          });
        },
      ),
    );
  });

  it('are as long, and the same but for the time, whenever they were written', () => {
    const time = fc.double({ min: 1, max: 1e10, noNaN: true });
    fc.assert(
      fc.property(fc.double(), time, time, (value, one, other) => {
        const at = (wallTime: number) =>
          encodeEvent({ kind: 'scalars', step: 7, values: { value } }, wallTime);
        expect(sameButTime(at(one), at(other))).toBe(true);
        const changed = encodeEvent({ kind: 'scalars', step: 8, values: { value } }, one);
        expect(sameButTime(at(one), changed)).toBe(false);
      }),
    );
  });

  it('are read again with texts, images and values of other plugins', () => {
    const png = encodePng(image(5, 4, 3));
    const [text, images] = decoded([
      { kind: 'text', step: 1, name: 'note', markdown: 'a | b' },
      { kind: 'images', step: 1, name: 'gallery', images: [png] },
    ]);
    expect(text!.values).toEqual([{ kind: 'text', tag: 'note', texts: ['a | b'] }]);
    const [value] = images!.values;
    if (value?.kind !== 'images') throw new Error('images expected');
    expect([value.width, value.height, value.images.length]).toEqual([5, 4, 1]);
    expect(Buffer.compare(value.images[0]!, png)).toBe(0);
    // Event { summary: { value { tag: "t", simple_value: 0.5 } } }, as PyTorch writes it.
    const pytorch = Uint8Array.of(0x2a, 10, 0x0a, 8, 0x0a, 1, 0x74, 0x15, 0, 0, 0, 0x3f);
    const read = decodeEvents(encodeTfRecords([pytorch]));
    expect(E.isRight(read) && read.right[0]!.values).toEqual([{ kind: 'scalar', tag: 't', value: 0.5 }]);
  });

  it('of damaged files are told, whatever the bytes', () => {
    const file = encodeTfRecords([
      encodeVersion(1),
      encodeEvent({ kind: 'scalars', step: 1, values: { a: 1 } }, 1),
    ]);
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = file.slice();
        damaged[at]! ^= flip;
        expect(E.isLeft(decodeEvents(damaged))).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (record) => {
        const read = decodeEvents(encodeTfRecords([record]), 'a file');
        if (E.isLeft(read)) expect(read.left.where).toBe('a file, record 0');
        else expect(Number.isNaN(eventStep(record))).toBe(false);
      }),
    );
  });

  it('refuse a step that is no integer, and what is no image', () => {
    const at = (step: number) => () => encodeEvent({ kind: 'scalars', step, values: {} }, 1);
    expect(at(0.5)).toThrow('step: expected an integer, received 0.5');
    const empty = () => encodeEvent({ kind: 'images', step: 1, name: 'x', images: [] }, 1);
    expect(empty).toThrow('images: expected at least one');
    const none = () => encodeEvent({ kind: 'images', step: 1, name: 'x', images: [Uint8Array.of(1)] }, 1);
    expect(none).toThrow('PNG');
  });
});

it('the name of an event file is one that TensorBoard looks for', () => {
  expect(eventFileName(1700000000.9, 'a b/c')).toBe('events.out.tfevents.1700000000.a-b-c');
  expect(E.isRight(decodeTfRecords(encodeTfRecords([encodeVersion(3)])))).toBe(true);
});
