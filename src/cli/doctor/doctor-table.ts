/** The table of `doctor`, in 100 columns. */
import type { BackendName } from '../../backends/backend.ts';
import type { Finding } from './finding.ts';

/** Everything that `doctor` says. */
export interface Diagnosis {
  /** The machine, in words. */
  readonly machine: string;
  readonly findings: readonly Finding[];
  /** What `selectBackend` would take, null if that cannot train. */
  readonly takes: BackendName | null;
  /** What option or environment asks for by name. */
  readonly asked?: BackendName;
}

const COLUMNS = 100;
const NONE = '–';

const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`;

/** Three digits. */
const digits = (speed: number): string =>
  speed >= 100 ? speed.toFixed(0) : speed >= 10 ? speed.toFixed(1) : speed.toFixed(2);

/** Words in lines of at most {@link COLUMNS} characters, all but the first indented. */
function wrapped(text: string, first: string, indent: string): string[] {
  const lines = [first];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    const joined = line === first || line === indent ? line + word : `${line} ${word}`;
    if (joined.length <= COLUMNS || line === indent) lines[lines.length - 1] = joined;
    else lines.push(indent + word);
  }
  return lines;
}

const HEADER = ['backend', 'installed', 'version', 'device', 'trains', 'GFLOP/s'] as const;

const cells = ({ name, version, device, refused, gigaflops }: Finding): readonly string[] => [
  name,
  version === null ? 'no' : 'yes',
  version ?? NONE,
  device ?? NONE,
  refused === null ? 'yes' : 'no',
  gigaflops === null ? NONE : digits(gigaflops),
];

/** Rows of cells under each other, the last column to the right; the device gives way where there is no room. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const device = HEADER.indexOf('device');
  const others = widths.reduce((sum, width, column) => sum + (column === device ? 0 : width + 2), 0);
  widths[device] = Math.min(widths[device]!, Math.max(HEADER[device]!.length, COLUMNS - others));
  const last = HEADER.length - 1;
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const text = cut(cell, widths[column]!);
        return column === last ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
      })
      .join('  '),
  );
}

function remedies(findings: readonly Finding[]): string[] {
  const indent = ' '.repeat(Math.max(...findings.map(({ name }) => name.length)) + 2);
  return findings.flatMap(({ name, refused }) =>
    refused === null
      ? []
      : [
          ...wrapped(refused.reason, name.padEnd(indent.length), indent),
          ...wrapped(refused.cure, `${indent}→ `, `${indent}  `),
        ],
  );
}

function verdict({ findings, takes, asked }: Diagnosis): string {
  if (takes === null)
    return asked === undefined ? 'No backend can train here.' : `Asked for: ${asked}, which cannot train.`;
  const speed = (name: BackendName): number => findings.find((one) => one.name === name)?.gigaflops ?? 0;
  const fastest = findings.reduce((best, one) => (speed(one.name) > speed(best) ? one.name : best), takes);
  const manner = asked === undefined ? 'Programs take' : 'Asked for:';
  const taken = `${manner} ${takes}, ${digits(speed(takes))} GFLOP/s in a convolution's training step.`;
  if (fastest === takes) return taken;
  const ratio = digits(speed(fastest) / speed(takes));
  return `${taken} ${fastest} is ${ratio} times as fast here: --backend ${fastest}, or MODEL_PATCHING_BACKEND=${fastest}.`;
}

/** What `doctor` prints. */
export function renderDiagnosis(diagnosis: Diagnosis): string {
  const { machine, findings } = diagnosis;
  const parts = [
    wrapped(machine, '', ''),
    aligned([HEADER, ...findings.map(cells)]),
    remedies(findings),
    wrapped(verdict(diagnosis), '', ''),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}
