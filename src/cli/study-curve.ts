/** The command `study curve`: the worst groups of several studies in one picture. */
import { InvalidArgumentError, type Command } from 'commander';
import { renderCurves, type CurvePoint } from '../report/curve-figure.ts';
import { readResults } from '../experiment/study/run-study.ts';
import { writeFileAtomically } from '../system/atomic-file.ts';
import { orExit } from '../system/program.ts';

/** A folder of a study with its place on the axis. */
interface Placed {
  readonly x: number;
  readonly folder: string;
}

function placed(value: string, before: readonly Placed[] = []): readonly Placed[] {
  const [, x, folder] = /^(\d+(?:\.\d+)?)=(.+)$/.exec(value) ?? [];
  if (folder === undefined || !(Number(x) > 0))
    throw new InvalidArgumentError(
      `expected a number above 0 and a folder, such as 24=experiments/of-24, found '${value}'`,
    );
  return [...before, { x: Number(x), folder }];
}

async function curve(
  file: string,
  points: readonly Placed[],
  { axis }: { readonly axis: string },
): Promise<void> {
  const read: CurvePoint[] = [];
  for (const { x, folder } of points) read.push({ x, results: orExit(await readResults(folder)) });
  await writeFileAtomically(file, renderCurves({ axis, points: read }));
  process.stdout.write(`${file}\n`);
}

/** Adds `curve` to the command `study`. */
export function addCurve(study: Command): void {
  study
    .command('curve')
    .description('Draws the worst group of every method against a number that differs between studies')
    .argument('<file>', 'the picture, .svg')
    .argument('<number=folder...>', 'the number of a study and its folder, e.g. 24=experiments/of-24', placed)
    .option('--axis <words>', 'what the number is', 'images in the smallest group')
    .action(curve);
}
