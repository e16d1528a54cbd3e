/**
 * Writes small stand-ins for Waterbirds, CelebA and a table of skin lesions in their own formats:
 *
 *     npm run make-sample-data -- --out experiments/sample-data [--null] [--seed 0]
 */
import { Command } from 'commander';
import { makeSampleData, ProgramError, runProgram } from 'model-patching/node';

const command = new Command('make-sample-data')
  .description('Writes small stand-ins for Waterbirds, CelebA and skin lesions, drawn by seeded functions.')
  .option('--out <folder>', 'where the data sets go', 'experiments/sample-data')
  .option('--null', 'without the spurious link between class and subgroup', false)
  .option('--seed <integer>', 'seed of the pictures', '0')
  .option('--share <share>', 'share of the pictures of each group, 0 to 1', '1')
  .option('--scale <share>', 'share of the pictures’ height and width, 0 to 1', '1');

await runProgram('make-sample-data', async () => {
  const options = command
    .parse()
    .opts<{ out: string; null: boolean; seed: string; share: string; scale: string }>();
  const share = (name: 'share' | 'scale') => {
    const value = Number(options[name]);
    if (value > 0 && value <= 1) return value;
    throw new ProgramError(`--${name}: expected a number above 0 and at most 1, found ${options[name]}`, 2);
  };
  const seed = Number(options.seed);
  if (options.seed.trim() === '' || !Number.isSafeInteger(seed)) {
    throw new ProgramError(`--seed: expected a whole number, found ${options.seed}`, 2);
  }
  const written = await makeSampleData(options.out, {
    seed,
    null: options.null,
    share: share('share'),
    scale: share('scale'),
    onWritten: (folder, pictures) => console.log(`${folder}: ${pictures} pictures`),
  });
  if (written.length === 0) console.log(`${options.out}: all data sets are there already`);
});
