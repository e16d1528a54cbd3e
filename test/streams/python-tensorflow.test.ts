/**
 * Records written here are read by Python TensorFlow and the reverse. Runs where MODEL_PATCHING_PYTHON names a Python
 * with TensorFlow; elsewhere the records that it wrote are read from test/fixtures/python-records.json.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeExample, encodeExample, type ExampleFeatures } from '../../src/data/example.ts';
import { encodePng } from '../../src/data/png.ts';
import { imageReader } from '../../src/streams/load-image.ts';
import { indexRecords } from '../../src/streams/record-index.ts';
import { readRecordShards, writeRecordShards } from '../../src/streams/record-files.ts';

const root = mkdtempSync(join(tmpdir(), 'python-records-'));
afterAll(() => rmSync(root, { recursive: true }));
const python = process.env['MODEL_PATCHING_PYTHON'];

function right<A>(result: E.Either<unknown, A>): A {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  return result.right;
}

const PIXELS = Uint8Array.from({ length: 12 }, (_, i) => 20 * i);
const WEIGHTS = [0.5, -1.25, 2 ** -140, 3e38].map(Math.fround);
const FEATURES: ExampleFeatures = {
  image: { kind: 'bytes', values: [encodePng({ height: 2, width: 2, channels: 3, pixels: PIXELS })] },
  label: { kind: 'int64', values: [-(2n ** 63n), 2n ** 63n - 1n, -1n, 0n] },
  weights: { kind: 'float', values: WEIGHTS },
  words: { kind: 'bytes', values: [new TextEncoder().encode('Vögel'), new Uint8Array(0)] },
};

const READ = `
import json, sys
import tensorflow as tf
path, compression = sys.argv[1:3]
rows = []
for record in tf.data.TFRecordDataset(path, compression_type=compression):
    e = tf.io.parse_single_example(record, {
        'image': tf.io.FixedLenFeature([], tf.string),
        'label': tf.io.FixedLenFeature([4], tf.int64),
        'weights': tf.io.FixedLenFeature([4], tf.float32),
        'words': tf.io.FixedLenFeature([2], tf.string)})
    rows.append({'pixels': tf.io.decode_png(e['image']).numpy().ravel().tolist(),
                 'label': [str(v) for v in e['label'].numpy()],
                 'weights': e['weights'].numpy().tolist(),
                 'words': [w.decode() for w in e['words'].numpy()]})
print(json.dumps(rows))
`;

const WRITE = `
import sys
import tensorflow as tf
path, compression = sys.argv[1:3]
f = tf.train.Feature
with tf.io.TFRecordWriter(path, tf.io.TFRecordOptions(compression_type=compression)) as writer:
    for i in range(3):
        pixels = tf.constant([20 * k + i for k in range(12)], tf.uint8, [2, 2, 3])
        example = tf.train.Example(features=tf.train.Features(feature={
            'image': f(bytes_list=tf.train.BytesList(value=[tf.io.encode_png(pixels).numpy()])),
            'label': f(int64_list=tf.train.Int64List(value=[-i, 2 ** 62 + i])),
            'weights': f(float_list=tf.train.FloatList(value=[i / 4, -1e-40])),
            'nothing': f(),
            'Vogel \\u00f6': f(bytes_list=tf.train.BytesList(value=[b'', b'\\xff']))}))
        writer.write(example.SerializeToString())
`;

const run = (program: string, ...args: readonly string[]) =>
  execFileSync(python!, ['-c', program, ...args], {
    encoding: 'utf8',
    timeout: 100_000,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '' },
  });

describe.runIf(python !== undefined && python !== '')('Python TensorFlow', () => {
  it.each(['none', 'gzip'] as const)(
    'reads what is written here: %s',
    async (compression) => {
      const settings = { compression };
      right(await writeRecordShards(root, compression, [encodeExample(FEATURES)], { settings, compression }));
      const file = join(root, compression, '00-10240.tfrec');
      expect(JSON.parse(run(READ, file, compression === 'gzip' ? 'GZIP' : ''))).toEqual([
        {
          pixels: [...PIXELS],
          label: ['-9223372036854775808', '9223372036854775807', '-1', '0'],
          weights: WEIGHTS,
          words: ['Vögel', ''],
        },
      ]);
      expect(right(await readRecordShards(root, compression, { settings })).records.length).toBe(1);
    },
    120_000,
  );
});

async function checkWritten(file: string): Promise<void> {
  const scratch = () => Promise.resolve(root);
  const indexed = right(await indexRecords([file], scratch, (features) => E.right(features)));
  expect(indexed.length).toBe(3);
  const reader = imageReader({ shape: [2, 2, 3] });
  for (const [i, { image, value }] of indexed.entries()) {
    expect([...right(await reader.load(image))]).toEqual(Array.from({ length: 12 }, (_, k) => 20 * k + i));
    expect(value['label']).toEqual({ kind: 'int64', values: [BigInt(-i), 2n ** 62n + BigInt(i)] });
    expect(value['weights']).toEqual({ kind: 'float', values: [i / 4, Math.fround(-1e-40)] });
    expect(value['nothing']).toEqual({ kind: 'none' });
    expect(value['Vogel ö']).toEqual({ kind: 'bytes', values: [new Uint8Array(0), Uint8Array.of(255)] });
    // Unknown features pass through decoding and encoding.
    expect(right(decodeExample(encodeExample(value)))).toEqual(value);
  }
  await reader.close();
}

describe('what Python TensorFlow writes', () => {
  const { files } = JSON.parse(
    readFileSync(new URL('../fixtures/python-records.json', import.meta.url), 'utf8'),
  ) as { readonly files: Readonly<Record<string, string>> };
  it.each(Object.keys(files))('is read here, as committed: %s', async (compression) => {
    const file = join(root, `committed-${compression}.tfrecord`);
    writeFileSync(file, Buffer.from(files[compression]!, 'base64'));
    await checkWritten(file);
  });

  it.runIf(python !== undefined && python !== '').each(['', 'GZIP'])(
    'is read here, as written now: "%s"',
    async (compression) => {
      const file = join(root, `written-${compression}.tfrecord`);
      run(WRITE, file, compression);
      await checkWritten(file);
    },
    120_000,
  );
});
