/** The command `chain`: both stages of a data set with the three methods, for every seed, from the configurations. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { writeFileAtomically } from '../atomic-file.ts';
import { makeSampleData } from '../data/sample-data.ts';
import { commandLine, helpEnd, STOPPABLE_CODES } from '../command-line.ts';
import { environmentFacts } from '../environment.ts';
import { assertSampleData, bindChain } from '../experiment/chain-binding.ts';
import { CHAINS, type ChainName } from '../experiment/chain-name.ts';
import { chainOverrides } from '../experiment/chain-overrides.ts';
import { chainReport } from '../experiment/chain-report.ts';
import { assertChainData, chainLegend, runChain, scratchOf } from '../experiment/chain.ts';
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

/** The data that a chain runs on. */
interface ChainData {
  readonly root: string;
  /** The name of the sample data that are made there, null where there are others. */
  readonly sample: Exclude<ChainName, 'mnist-correlation'> | null;
  readonly null: boolean;
  /** Sample pictures of each group, as a factor of their plan. */
  readonly share: number;
  /** For the report. */
  readonly title: string;
}

function dataOf(
  name: ChainName,
  { null: withoutLink = false, share }: ChainFlags,
  given: string | undefined,
  sampleRoot: string,
  digits: string,
): ChainData {
  const sample = given === undefined && name !== 'mnist-correlation' ? name : null;
  const root = given ?? (sample === null ? digits : sampleRoot);
  if (sample === null && share !== undefined)
    throw new ProgramError(`--share: expected none without sample data, found ${share}; leave it out`, 2);
  if (name === 'mnist-correlation') assertDigits(root);
  const kind = sample === null ? (given ?? 'MNIST') : 'sample data';
  const many = share === undefined || share === 1 ? '' : `, ${share} times as many`;
  const title = `${kind}${many}${withoutLink ? ', without the spurious link' : ''}`;
  return { root, sample, null: withoutLink, share: share ?? 1, title };
}

async function obtainSampleData({ root, sample, title, ...made }: ChainData, say: (line: string) => void) {
  if (sample === null) return;
  say(`${root}: ${title}`);
  await makeSampleData(root, { only: [sample], ...made });
}

async function chain(name: ChainName, flags: ChainFlags, folders: ChainFolders): Promise<void> {
  const { seeds, stage1Steps, steps, size, width, set = [], backend } = flags;
  const out = flags.out ?? `experiments/chain-${name}${flags.null ? '-null' : ''}`;
  const { roots = {} } = orExit(await experimentOptions({ ...(flags.root && { root: flags.root }) }));
  const given = roots['DATA'] ?? process.env['DATA'];
  const data = dataOf(name, flags, given, join(out, 'data'), folders.digits);
  const { sample, share, null: withoutLink } = data;
  const weights = roots['WEIGHTS'] ?? process.env['WEIGHTS'];
  const overrides = chainOverrides(name, {
    ...(given === undefined && DEFAULT_STEPS),
    ...(stage1Steps !== undefined && { stageOneSteps: stage1Steps }),
    ...(steps !== undefined && { steps }),
    ...(size !== undefined && { size }),
    ...(width !== undefined && { width }),
    sample: sample !== null,
    null: withoutLink,
    share,
    weights: weights !== undefined,
    set,
  });
  const all = { ...roots, DATA: data.root, ...(weights !== undefined && { WEIGHTS: weights }) };
  const settings = { chain: name, configs: folders.configs, seeds, overrides, out, roots: all };
  const bound = {
    ...{ chain: name, sample: sample !== null, null: withoutLink, overrides },
    ...(sample !== null && { share }),
  };
  await onBackend(backend, async (selected, context) => {
    if (sample !== null) await assertSampleData(join(data.root, sample), data);
    await bindChain(out, bound, () => (sample === null ? assertChainData(settings) : Promise.resolve()));
    await obtainSampleData(data, context.say);
    const results = await runChain(settings, selected, context);
    const report = chainReport(
      `${name}: ${data.title}, backend ${selected.name}`,
      results,
      await chainLegend(settings),
    );
    const file = {
      ...bound,
      fromScratch: await scratchOf(settings),
      ...{ backend: selected.name, device: selected.device, environment: await environmentFacts() },
      peakMemory: peakMemory(),
      seeds: results,
    };
    await writeFileAtomically(join(out, 'chain.json'), `${JSON.stringify(file, null, 2)}\n`);
    await writeFileAtomically(join(out, 'chain.md'), report);
    const gibibytes = (peakMemory() / 2 ** 30).toFixed(1);
    process.stdout.write(`${report}\nat most ${gibibytes} GiB this time\n\n${out}/chain.md\n`);
  });
}

/** The most that this process has held so far, in bytes. */
const peakMemory = (): number => process.resourceUsage().maxRSS * 1024;

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
