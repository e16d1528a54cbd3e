/** How the classifiers were trained: one row of charts a question, one column a method, on a common scale. */
import type { ReportInput, TrainingRun } from './input.ts';
import { lineChart, thinned, type LineChart, type Series } from './line-chart.ts';
import { html, type Markup } from './markup.ts';
import { groupLabel, methodColor, outcomeOf } from './tested-methods.ts';

/** A group's line is told by its strokes and the label at its end; hue is kept for the method. */
const DASHES = ['7 3', '2 3', '10 3 2 3', '14 4', '1 5', '5 2 1 2'] as const;

/** The values of all groups at one step. */
type GroupPoints = readonly { readonly step: number; readonly values: readonly (number | null)[] }[];

interface Question {
  readonly title: string;
  readonly words: string;
  readonly format: LineChart['format'];
  /** Said of a method without such values. */
  readonly none: string;
  /** What the lines stand for, usually groups. */
  names(run: TrainingRun): readonly string[];
  points(run: TrainingRun): GroupPoints;
}

const trainedNames = ({ trainedGroupNames }: TrainingRun): readonly string[] => trainedGroupNames;

const QUESTIONS: readonly Question[] = [
  {
    title: 'Validation accuracy',
    words: 'Of each group, as training goes on.',
    format: 'share',
    none: 'Not measured.',
    names: ({ groupNames }) => groupNames,
    points: ({ validation }) =>
      validation.map(({ step, groupAccuracies }) => ({ step, values: groupAccuracies })),
  },
  {
    title: 'Adversary’s weights',
    words:
      'How much each group counts in the loss of the robust methods. Where the adversary moves within a class, they add up to 100 % in each class.',
    format: 'share',
    none: 'No adversary.',
    names: trainedNames,
    points: ({ training }) =>
      training.flatMap(({ step, adversary }) => (adversary ? [{ step, values: adversary }] : [])),
  },
  {
    title: 'Training loss',
    words: 'Cross-entropy of each group.',
    format: 'number',
    none: 'Not recorded.',
    names: trainedNames,
    points: ({ training }) => training.map(({ step, groupLosses }) => ({ step, values: groupLosses })),
  },
];

/** A method's line of its whole loss. */
function wholeLoss(run: TrainingRun, color: string): Series {
  return {
    label: 'loss',
    color,
    emphasis: true,
    points: run.training.map(({ step, loss }) => ({ x: step, y: loss })),
  };
}

const colorOf = ({ methods }: ReportInput, run: TrainingRun): string =>
  methodColor(methods.findIndex(({ name }) => name === run.method));

/** The group that ends worst on the test images. */
function worstOf({ seeds }: ReportInput, { seed, method }: TrainingRun): string | undefined {
  const results = seeds.find((each) => each.seed === seed);
  const outcome = results && outcomeOf(results, method);
  return outcome === undefined || 'failed' in outcome ? undefined : outcome.worstGroup?.name;
}

function groupSeries(input: ReportInput, run: TrainingRun, { names, points }: Question): readonly Series[] {
  const values = points(run);
  const worst = worstOf(input, run);
  if (values.length === 0) return [];
  return names(run).map((name, g) => ({
    label: groupLabel(input, name),
    points: values.map((point) => ({ x: point.step, y: point.values[g] ?? null })),
    ...(name === worst
      ? { color: colorOf(input, run), emphasis: true }
      : { color: 'var(--context)', dash: DASHES[g % DASHES.length]! }),
  }));
}

function highest(series: readonly Series[]): number {
  return series
    .flatMap(({ points }) => thinned(points))
    .reduce((maximum, { y }) => (y !== null && Number.isFinite(y) ? Math.max(maximum, y) : maximum), 0);
}

function questionCharts(input: ReportInput, runs: readonly TrainingRun[], question: Question): Markup {
  const { title, words, format, none } = question;
  const charts = runs.map((run) => ({ run, series: groupSeries(input, run, question) }));
  if (charts.every(({ series }) => series.length === 0)) return html``;
  const maximum = Math.max(...charts.map(({ series }) => highest(series)));
  return html`<h3>${title}</h3>
    <p class="lead">${words}</p>
    <div class="charts">
      ${charts.map(({ run, series }) =>
        lineChart({
          title: run.method,
          description: `${title} of each group by step.`,
          format,
          series,
          maximum,
          hue: colorOf(input, run),
          none,
        }),
      )}
    </div>`;
}

function lossCharts(input: ReportInput, runs: readonly TrainingRun[]): Markup {
  return html`<h3>Whole loss</h3>
    <p class="lead">
      What the optimizer minimises, with decay and consistency; not comparable between methods.
    </p>
    <div class="charts">
      ${runs.map((run) =>
        lineChart({
          title: run.method,
          description: 'Whole loss by step.',
          format: 'number',
          hue: colorOf(input, run),
          series: [wholeLoss(run, colorOf(input, run))],
        }),
      )}
    </div>`;
}

const chartsOf = (input: ReportInput, runs: readonly TrainingRun[]): Markup =>
  html`${QUESTIONS.map((question) => questionCharts(input, runs, question))} ${lossCharts(input, runs)}`;

/** Small charts of every method, seed by seed; nothing if no curves were given. */
export function trainingSection(input: ReportInput): Markup {
  const bySeed = input.seeds
    .map(({ seed }) => ({ seed, runs: input.trainingRuns.filter((run) => run.seed === seed) }))
    .filter(({ runs }) => runs.length > 0);
  if (bySeed.length === 0) return html``;
  return html`<section>
    <h2>Training of the classifiers</h2>
    <p class="lead">
      The thick coloured line is the group that ends worst on the test images. Long curves are averaged over
      short stretches.
    </p>
    ${bySeed.map(({ seed, runs }, i) =>
      input.seeds.length === 1
        ? chartsOf(input, runs)
        : html`<details class="seed" ${i === 0 && html`open="open"`}>
            <summary>Seed ${seed}</summary>
            ${chartsOf(input, runs)}
          </details>`,
    )}
  </section>`;
}
