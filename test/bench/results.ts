/** The results as JSON and as a table. */
import type { Timing } from './statistics.ts';

/** The same step elsewhere. */
export type PeerResult =
  | (Timing & {
      /** Our milliseconds over theirs. */
      readonly ratio: number;
      /** Relative difference of the first loss, and the largest of the first few. */
      readonly lossDifference: number;
      readonly laterLossDifference: number;
      /** Counted as ours, where it runs on the same backend. */
      readonly operations?: number;
    })
  | { readonly untimed: string };

/** One row, run in one way. */
export interface Result extends Timing {
  /** `<row>/eager` or `<row>/compiled`. */
  readonly name: string;
  readonly imagesPerSecond: number;
  /** Calls of a native kernel on a native backend, of a tfjs kernel on the others. */
  readonly operations: number;
  /** Of all tensors alive at the fullest moment; null where a graph keeps them to itself. */
  readonly peakBytes: number | null;
  readonly gflops: number;
  /** Of the fastest convolution or matrix product measured beside it. */
  readonly shareOfPeak: number;
  /** For a training loop with its input: the time of the step over a ready batch, over that of the loop's step. */
  readonly keptRate?: number;
  readonly peer?: Readonly<Record<string, PeerResult>>;
}

/** Everything that a run of the bench says. */
export interface BenchResults {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly backend: string;
  readonly results: readonly Result[];
}

const fixed = (value: number, digits = 0): string => value.toFixed(digits);
const percent = (share: number): string => `${fixed(100 * share)} %`;

/** Columns padded to one width, the first to the left. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const milliseconds = ({ milliseconds: time, spread }: Timing): string =>
  `${fixed(time, time < 100 ? 1 : 0)} ± ${fixed(spread / 2, spread < 20 ? 1 : 0)}`;

function ownRow(result: Result): string[] {
  return [
    result.name,
    milliseconds(result),
    fixed(result.imagesPerSecond),
    fixed(result.operations),
    result.peakBytes === null ? '–' : fixed(result.peakBytes / 2 ** 20),
    fixed(result.gflops),
    percent(result.shareOfPeak),
    result.keptRate === undefined ? '' : percent(result.keptRate),
  ];
}

/** The rows of one name, `<row>/eager` first. */
function ways(results: readonly Result[]): Map<string, Result[]> {
  const byRow = new Map<string, Result[]>();
  for (const result of results) {
    const [row] = result.name.split('/') as [string];
    byRow.set(row, [...(byRow.get(row) ?? []), result]);
  }
  return byRow;
}

function peerRows(results: readonly Result[]): string[][] {
  return Array.from(ways(results)).flatMap(([row, own]) =>
    Object.entries(own[0]!.peer ?? {}).map(([peerName, first]) => {
      if ('untimed' in first) return [row, peerName, '–', '–', '–', '–', first.untimed];
      const ratio = (way: string): string => {
        const peer = own.find(({ name }) => name === `${row}/${way}`)?.peer?.[peerName];
        return peer === undefined || 'untimed' in peer ? '–' : fixed(peer.ratio, 2);
      };
      return [
        row,
        peerName,
        milliseconds(first),
        first.operations === undefined ? '' : fixed(first.operations),
        ratio('eager'),
        ratio('compiled'),
        `${first.lossDifference.toExponential(0)}, ${first.laterLossDifference.toExponential(0)}`,
      ];
    }),
  );
}

const PEER_COLUMNS = [
  'step',
  'peer',
  'ms',
  'eager / peer',
  'compiled / peer',
  'losses differ by (first, later)',
];

/** Two tables for a person: our steps, and the peers with our times over theirs. */
export function benchTable({ machine, backend, results }: BenchResults): string {
  const own = aligned([
    ['step', 'ms', 'images/s', 'operations', 'peak MiB', 'GFLOP/s', 'of peak', 'rate kept'],
    ...results.map(ownRow),
  ]);
  const peers = peerRows(results);
  const facts = Object.entries(machine).map(([name, value]) => `${name}: ${value}`);
  return [
    [`backend: ${backend}`, ...facts].join('; '),
    'ms: median ± half the distance between the quartiles',
    own,
    ...(peers.length === 0 ? [] : [aligned([PEER_COLUMNS, ...peers])]),
  ].join('\n\n');
}
