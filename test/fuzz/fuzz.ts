/**
 * `npm run fuzz`: mutations of real files through every decoder of bytes from outside.
 *
 *     npm run fuzz -- [--decoder NAME,NAME] [--seed N] [--inputs 100000] [--input N] [--folder DIR]
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DECODERS } from './decoders.ts';
import type { Job, Summary } from './job.ts';
import { fuzz, repeatLine } from './run-fuzz.ts';

const { values } = parseArgs({
  options: {
    decoder: { type: 'string' },
    seed: { type: 'string' },
    inputs: { type: 'string', default: '100000' },
    input: { type: 'string' },
    folder: { type: 'string', default: join(tmpdir(), 'model-patching-fuzz') },
  },
});

const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const names = values.decoder?.split(',') ?? DECODERS.map(({ name }) => name);
const unknown = names.find((name) => !DECODERS.some((decoder) => decoder.name === name));
if (
  unknown !== undefined ||
  ![seed, Number(values.inputs), Number(values.input ?? 0)].every(Number.isInteger)
) {
  console.error(`fuzz: expected numbers and decoders among ${DECODERS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const jobOf = (decoder: string): Job => {
  const { share = 1 } = DECODERS.find(({ name }) => name === decoder)!;
  const to = Math.ceil(Number(values.inputs) / share);
  return values.input === undefined
    ? { decoder, seed, from: 0, to }
    : { decoder, seed, from: Number(values.input), to: Number(values.input) + 1 };
};

const line = ({
  decoder,
  inputs,
  refused,
  files,
  accepted,
  seconds,
  slowest,
  slowestInput,
  peak,
}: Summary): string =>
  [
    decoder.padEnd(16),
    `${accepted} of ${files} files read`.padStart(22),
    `${inputs} inputs`.padStart(15),
    `${((100 * refused) / inputs).toFixed(0)} % refused`.padStart(14),
    `${seconds.toFixed(1)} s`.padStart(10),
    `${slowest.toFixed(0)} ms at most (${slowestInput})`.padStart(26),
    `${(peak / 2 ** 20).toFixed(0)} MiB at most`.padStart(16),
  ].join('');

console.log(`seed ${seed}`);
const { failures } = await fuzz(names.map(jobOf), {
  folder: values.folder,
  onSummary: (summary) => console.log(line(summary)),
  onFailure: (failure) =>
    console.log(`${failure.decoder}: ${failure.what}\n  ${failure.file}\n  ${repeatLine(seed, failure)}`),
});
console.log(`${failures.length} failures`);
process.exitCode = failures.length > 0 ? 1 : 0;
