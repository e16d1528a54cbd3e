/** The command `chain`: both stages of a data set with the three methods, for every seed, from the configurations. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { writeFileAtomically } from '../atomic-file.ts';
import type { SampleName } from '../../data/samples/plan.ts';
import { makeSampleData } from '../data/sample-data.ts';
import { commandLine, helpEnd, STOPPABLE_CODES } from '../command-line.ts';
import { environmentFacts } from '../environment.ts';
import { assertSampleData, bindChain } from '../experiment/chain-binding.ts';
import { chainOverrides } from '../experiment/chain-overrides.ts';
import { chainReport } from '../experiment/chain-report.ts';
import { assertChainData, chainLegend, CHAINS, runChain, type ChainName } from '../experiment/chain.ts';
import { orExit, ProgramError } from '../program.ts';
import { onBackend } from './experiment-context.ts';
import { experimentOptions } from './experiment-options.ts';
import { backendOption, collect, count, factor, folderName } from './option-values.ts';

/** Folders that a chain takes when it is not told others. */
export interface ChainFolders {
  /** With `stage-1` and `stage-2` in it. */
  readonly configs: string;
  /** With `mnist` in it. */
  readonly digits: string;
}

interface ChainFlags {
  readonly root?: readonly string[];
  readonly set?: readonly string[];
  readonly seeds: readonly number[];
  readonly stage1Steps?: number;
  readonly steps?: number;
  readonly size?: number;
  readonly width?: number;
  readonly backend?: string;
  readonly out?: string;
  readonly null?: boolean;
  readonly share?: number;
}

const packaged = (name: string): string =>
  fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));

/** The configurations come with the package; the digits are in a checkout only. */
const PACKAGED: ChainFolders = { configs: packaged('configs'), digits: packaged('data') };

/** Steps where no data were given; on the originals the configurations say how many. */
const DEFAULT_STEPS = { stageOneSteps: 100, steps: 200 } as const;

function seedsOf(value: string): readonly number[] {
  const seeds = value.split(',').map(Number);
  if (!/^\d+(,\d+)*$/.test(value) || !seeds.every(Number.isSafeInteger))
    throw new InvalidArgumentError(`expected whole numbers such as 1,2,3, found '${value}'`);
  return [...new Set(seeds)];
}

function assertDigits(data: string): void {
  const folder = join(data, 'mnist');
  if (existsSync(folder)) return;
  throw new ProgramError(
    `${folder}: expected the four files of MNIST, which are not part of the package, found no such folder; ` +
      'give the folder in which mnist is by --root DATA=FOLDER',
    2,
  );
}

async function chain(name: ChainName, flags: ChainFlags, folders: ChainFolders): Promise<void> {
  const { seeds, stage1Steps, steps, size, width, share = 1, set = [], backend } = flags;
  const withoutLink = flags.null ?? false;
  const out = flags.out ?? `experiments/chain-${name}${withoutLink ? '-null' : ''}`;
  const { roots = {} } = orExit(await experimentOptions({ ...(flags.root && { root: flags.root }) }));
  const given = roots['DATA'] ?? process.env['DATA'];
  const digits = name === 'mnist-correlation';
  const sample = given === undefined && !digits;
  const data = given ?? (digits ? folders.digits : join(out, 'data'));
  if (!sample && flags.share !== undefined)
    throw new ProgramError(`--share: expected none without sample data, found ${share}; leave it out`, 2);
  if (digits) assertDigits(data);
  const weights = roots['WEIGHTS'] ?? process.env['WEIGHTS'];
  const budget = {
    ...(given === undefined && DEFAULT_STEPS),
    ...(stage1Steps !== undefined && { stageOneSteps: stage1Steps }),
    ...(steps !== undefined && { steps }),
    ...(size !== undefined && { size }),
    ...(width !== undefined && { width }),
  };
  const overrides = chainOverrides(name, {
    ...budget,
    sample,
    null: withoutLink,
    share,
    weights: weights !== undefined,
    set,
  });
  const { results, legend, facts } = await onBackend(backend, async (selected, context) => {
    if (sample) await assertSampleData(join(data, name), { null: withoutLink, share });
    const all = { ...roots, DATA: data, ...(weights !== undefined && { WEIGHTS: weights }) };
    const settings = { chain: name, configs: folders.configs, seeds, overrides, out, roots: all };
    await bindChain(out, { chain: name, sample, null: withoutLink, share, overrides }, () =>
      sample ? Promise.resolve() : assertChainData(settings),
    );
    if (sample) {
      context.say(`${data}: sample data${withoutLink ? ', without the spurious link' : ''}`);
      await makeSampleData(data, { only: [name as SampleName], null: withoutLink, share });
    }
    const chains = await runChain(settings, selected, context);
    return {
      results: chains,
      legend: await chainLegend(settings),
      facts: { backend: selected.name, device: selected.device },
    };
  });
  const kindOfData = sample ? 'sample data' : (given ?? 'MNIST');
  const title = `${name}: ${kindOfData}${withoutLink ? ' without the spurious link' : ''}, backend ${facts.backend}`;
  const report = chainReport(title, results, legend);
  const peakMemory = process.resourceUsage().maxRSS * 1024;
  const file = {
    chain: name,
    sample,
    null: withoutLink,
    share,
    overrides,
    ...facts,
    environment: await environmentFacts(),
    peakMemory,
    seeds: results,
  };
  await writeFileAtomically(join(out, 'chain.json'), `${JSON.stringify(file, null, 2)}\n`);
  await writeFileAtomically(join(out, 'chain.md'), report);
  process.stdout.write(
    `${report}\nat most ${(peakMemory / 2 ** 30).toFixed(1)} GiB this time\n\n${out}/chain.md\n`,
  );
}

/**
 * The command `chain`.
 *
 * @param folders Where the configurations and the digits are; default those of the package.
 * @returns To be added to a program.
 * @example
 * ```ts
 * import { Command } from 'commander';
 * import { chainCommand } from 'model-patching/node';
 * const program = new Command().addCommand(chainCommand({ configs: 'my/configs', digits: 'my/data' }));
 * const refused = await program.parseAsync(['chain', 'fishes'], { from: 'user' }).catch((error: Error) => error);
 * if (!(refused instanceof Error && refused.message.includes('waterbirds'))) throw new Error('a data set expected');
 * ```
 */
export const chainCommand = (folders: ChainFolders = PACKAGED): Command =>
  new Command('chain')
    .description(
      'Runs everything on one data set: stage 1 of every class, translations, ERM, group DRO and CAMEL, and their tests; the same command goes on with what was stopped.',
    )
    .addArgument(new Argument('<data>', 'the data set').choices(CHAINS))
    .addOption(
      new Option('--seeds <list>', 'one chain for each, e.g. 1,2,3').argParser(seedsOf).default([1], '1'),
    )
    .addOption(
      new Option(
        '--stage1-steps <n>',
        'steps of each CycleGAN (default: 100, and with --root DATA as configured)',
      ).argParser(count),
    )
    .addOption(
      new Option(
        '--steps <n>',
        'steps of each classifier (default: 200, and with --root DATA as configured)',
      ).argParser(count),
    )
    .addOption(
      new Option('--size <pixels>', 'height and width of the images (default: as configured)').argParser(
        count,
      ),
    )
    .addOption(
      new Option('--width <factor>', 'factor of the filters of all networks (default: 1)').argParser(
        factor(),
      ),
    )
    .addOption(
      new Option(
        '--root <name=folder>',
        'DATA: the data sets (default: sample data are made in the folder of the chain, and digits are those of the checkout); WEIGHTS: pretrained weights (default: random ones); may be repeated',
      ).argParser(collect),
    )
    .addOption(
      new Option(
        '--set <setting=value>',
        'change a setting of a stage, e.g. stage-1.training.batchSize=4; may be repeated',
      ).argParser(collect),
    )
    .option('--null', 'data without the spurious link between class and subgroup')
    .addOption(
      new Option(
        '--share <factor>',
        'factor of the numbers of sample pictures, at most 100 (default: 1)',
      ).argParser(factor(100)),
    )
    .addOption(backendOption('the fastest'))
    .option('--out <folder>', 'new or to go on with (default: experiments/chain-<data>)', folderName)
    .addHelpText(
      'after',
      helpEnd(STOPPABLE_CODES, commandLine('chain', 'waterbirds --seeds 1,2,3 --width 0.25')),
    )
    .configureOutput({ writeErr: () => undefined })
    .exitOverride()
    .action((name: ChainName, flags: ChainFlags) => chain(name, flags, folders));
