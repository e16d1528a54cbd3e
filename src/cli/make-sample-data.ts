/** The command `make-sample-data`: small stand-ins for data sets that cannot be shipped, in their own formats. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { SAMPLE_NAMES, type SampleName } from './sample-data/plan.ts';
import { makeSampleData } from './sample-data/sample-data.ts';
import { factor, folderName } from './option-values.ts';

interface SampleDataFlags {
  readonly out: string;
  readonly null: boolean;
  readonly seed: number;
  readonly only?: readonly SampleName[];
  readonly share: number;
  readonly scale: number;
}

function integer(value: string): number {
  if (!/^-?\d+$/.test(value) || !Number.isSafeInteger(Number(value)))
    throw new InvalidArgumentError(`expected a whole number, found '${value}'`);
  return Number(value);
}

async function sampleData({ out, ...options }: SampleDataFlags): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const written = await makeSampleData(out, {
    ...options,
    onWritten: (folder, pictures) => say(`${folder}: ${pictures} pictures`),
  });
  if (written.length === 0) say(`${out}: what was asked for is there already`);
}

/**
 * The command `make-sample-data`.
 *
 * @returns To be added to a program.
 */
export const makeSampleDataCommand = (): Command =>
  new Command('make-sample-data')
    .description(
      'Writes small stand-ins for Waterbirds, CelebA and a table of skin lesions in their own formats, drawn by seeded functions; what is there already is left as it is.',
    )
    .addOption(
      new Option('--out <folder>', 'where the data sets go')
        .argParser(folderName)
        .default('experiments/sample-data'),
    )
    .option('--null', 'without the spurious link between class and subgroup', false)
    .addOption(new Option('--seed <integer>', 'seed of the pictures').argParser(integer).default(0))
    .addOption(new Option('--only <names...>', 'some of the data sets only').choices(SAMPLE_NAMES))
    .addOption(
      new Option('--share <factor>', 'factor of the numbers of pictures of each group, above 0, at most 100')
        .argParser(factor(100))
        .default(1),
    )
    .addOption(
      new Option('--scale <share>', 'share of the pictures’ height and width, above 0, at most 1')
        .argParser(factor(1))
        .default(1),
    )
    .action(sampleData);
