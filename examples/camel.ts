/** The main job: `npm run camel`. Everything it does is in the library; this reads the command line. */
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import {
  camelSettings,
  onBackend,
  orExit,
  ProgramError,
  resultsTable,
  runCamel,
  runProgram,
} from 'model-patching/node';

const program = new Command('camel')
  .description(
    'Trains ERM, group DRO and CAMEL on MNIST-Correlation, from MNIST files to a report, and compares them.',
  )
  .option(
    '--preset <name>',
    'smoke (about a minute; only shows that everything runs), quick (minutes), paper (published networks and rates; days)',
    'quick',
  )
  .option('--methods <list>', 'methods to train, separated by commas', 'erm,gdro,camel')
  .option('--seed <integer>', 'of initial weights, order, augmentation, dropout and zigzags', '0')
  .option(
    '--out <folder>',
    'experiment folder, new or to go on with (default: experiments/camel-<preset>-<seed>)',
  )
  .option(
    '--backend <name>',
    'tensorflow-gpu, webgpu, tensorflow, wasm or cpu (default: the fastest that is installed)',
  )
  .option(
    '--data <folder>',
    'folder of the four MNIST files',
    fileURLToPath(new URL('data/mnist', import.meta.url)),
  )
  .option('--steps <n>', "optimizer steps of each method in stage 2 (default: the preset's; quick: 400)")
  .option('--stage1-steps <n>', "steps of the stage-1 CycleGAN (default: the preset's; quick: 450)")
  .option(
    '--width <factor>',
    "factor of the numbers of filters of all networks, 1 as published (default: the preset's; quick: 0.25 in stage 1, 0.5 in stage 2)",
  )
  .option(
    '--translations <kind>',
    'cyclegan: learnt by stage 1; true: the real counterparts (upper bound); identity: none (lower bound)',
    'cyclegan',
  )
  .option(
    '--splits <kind>',
    "disjoint, or published, in which stage 1 sees stage 2's validation images",
    'disjoint',
  )
  .option('--rate-factor <factor>', 'factor of the learning rates of stage 2 (default: 1)')
  .option('--learning-rate <rate>', 'learning rate of every method, in place of its own (quick: 0.03)')
  .option('--weight-decay <rate>', 'weight decay of every method, in place of its own (quick: 5e-4)')
  .option(
    '--consistency-weight <lambda>',
    "weight of the consistency loss of CAMEL (default: the preset's; quick: 1)",
  )
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 a loss was not finite, 2 bad input, 75 stopped (the same command goes on).\nExample: npm run camel -- --preset smoke --seed 1',
  )
  .allowExcessArguments()
  .configureOutput({ writeErr: () => undefined })
  .exitOverride();

await runProgram('camel', async () => {
  try {
    program.parse();
  } catch (error) {
    if (error instanceof Error && 'exitCode' in error && error.exitCode === 0) return;
    const message =
      error instanceof Error ? error.message.replace(/^error: /, '').replace(/\s+/g, ' ') : String(error);
    throw new ProgramError(`${message}; npm run camel -- --help lists the options`, 2);
  }
  if (program.args.length > 0)
    throw new ProgramError(
      `expected options only, found '${program.args[0]}'; npm run camel -- --help lists the options`,
      2,
    );
  const options = program.opts<Record<string, string>>();
  const settings = orExit(camelSettings(options));
  if (options['out'] === '') throw new ProgramError("--out: expected a folder, found ''; name one", 2);
  const out = options['out'] ?? `experiments/camel-${settings.preset}-${settings.seed}`;
  const results = await onBackend(options['backend'], (backend, context) =>
    runCamel(settings, { data: options['data']!, out }, backend, context),
  );
  process.stdout.write(`${resultsTable(results)}\n\n${out}/report.html\n`);
});
