/** What a result depended on beside its settings. */
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, platform } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import * as t from 'io-ts';

const PackageCodec = t.type({ version: t.string });

/**
 * Versions and machine, for reports.
 *
 * @returns By name: this package, tfjs, node, platform, processor, cores.
 */
export async function environmentFacts(): Promise<Readonly<Record<string, string | number>>> {
  const json: unknown = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  return {
    'model-patching': PackageCodec.is(json) ? json.version : 'unknown',
    tfjs: tf.version_core,
    node: process.versions.node,
    platform: `${platform()} ${process.arch}`,
    processor: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
  };
}
