/** How the classifiers were trained: one row of charts a question, one column a method, on a common scale. */
import { METHOD_ORDER, methodLabel } from './headline.ts';
import type { MethodCurves, ReportInput } from './input.ts';
import { lineChart, thinned, type LineChart, type Series } from './line-chart.ts';
import { html, type Markup } from './markup.ts';
import { groupLabel, methodColor } from './summary-sections.ts';

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
  /** The groups of these values. */
  names(curves: MethodCurves): readonly string[];
  points(curves: MethodCurves): GroupPoints;
}

const trainedNames = ({ groupNames, trainedGroupNames = groupNames }: MethodCurves): readonly string[] =>
  trainedGroupNames;

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

function groupSeries(
  input: ReportInput,
  method: string,
  groupNames: readonly string[],
  points: GroupPoints,
): Series[] {
  const worst = new Map(Object.entries(input.results.methods)).get(method)?.worstGroup?.name;
  return groupNames.map((name, g) => ({
    label: groupLabel(input, name),
    points: points.map(({ step, values }) => ({ x: step, y: values[g] ?? null })),
    ...(name === worst
      ? { color: methodColor(method), emphasis: true }
      : { color: 'var(--context)', dash: DASHES[g % DASHES.length]! }),
  }));
}

function highest(series: readonly Series[]): number {
  return series
    .flatMap(({ points }) => thinned(points))
    .reduce((maximum, { y }) => (y !== null && Number.isFinite(y) ? Math.max(maximum, y) : maximum), 0);
}

function questionCharts(
  input: ReportInput,
  methods: readonly (readonly [string, MethodCurves])[],
  { title, words, format, none, names, points }: Question,
): Markup {
  const charts = methods.map(([method, curves]) => {
    const values = points(curves);
    return { method, series: values.length === 0 ? [] : groupSeries(input, method, names(curves), values) };
  });
  if (charts.every(({ series }) => series.length === 0)) return html``;
  const maximum = Math.max(...charts.map(({ series }) => highest(series)));
  return html`<h3>${title}</h3>
    <p class="lead">${words}</p>
    <div class="charts">
      ${charts.map(({ method, series }) =>
        lineChart({
          title: methodLabel(method),
          description: `${title} of each group by step.`,
          format,
          series,
          maximum,
          hue: methodColor(method),
          none,
        }),
      )}
    </div>`;
}

function wholeLoss(methods: readonly (readonly [string, MethodCurves])[]): Markup {
  return html`<h3>Whole loss</h3>
    <p class="lead">
      What the optimizer minimises, with decay and consistency; not comparable between methods.
    </p>
    <div class="charts">
      ${methods.map(([method, { training }]) =>
        lineChart({
          title: methodLabel(method),
          description: 'Whole loss by step.',
          format: 'number',
          hue: methodColor(method),
          series: [
            {
              label: 'loss',
              color: methodColor(method),
              emphasis: true,
              points: training.map(({ step, loss }) => ({ x: step, y: loss })),
            },
          ],
        }),
      )}
    </div>`;
}

/** Small charts of every method; nothing if no curves were given. */
export function trainingSection(input: ReportInput): Markup {
  const known: readonly string[] = METHOD_ORDER;
  const rank = (method: string): number => (known.includes(method) ? known.indexOf(method) : known.length);
  const methods = Object.entries(input.methodCurves).sort(([a], [b]) => rank(a) - rank(b));
  if (methods.length === 0) return html``;
  return html`<section>
    <h2>Training of the classifiers</h2>
    <p class="lead">
      The thick coloured line is the group that ends worst on the test images. Long curves are averaged over
      short stretches.
    </p>
    ${QUESTIONS.map((question) => questionCharts(input, methods, question))} ${wholeLoss(methods)}
  </section>`;
}
