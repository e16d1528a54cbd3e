/** `doctor`: which backends there are, whether they can train and how fast, and what would give a faster one. */
import { Command } from 'commander';
import { askedBackend, BACKENDS, type BackendName } from '../../backends/backend.ts';
import { firstLine } from '../../backends/refusal.ts';
import { commandLine, helpEnd } from '../../system/command-line.ts';
import { examine } from './examination.ts';
import type { Finding } from './finding.ts';
import { renderDiagnosis, type Diagnosis } from './doctor-table.ts';
import { environmentFacts } from '../../system/environment.ts';
import { ProgramError, runProgram } from '../../system/program.ts';

interface DoctorOptions {
  readonly json?: boolean;
  readonly backend?: string;
  readonly timeout: string;
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new ProgramError(`--timeout: expected a number of seconds, found '${text}'; give one above 0`, 2);
}

async function machine(): Promise<string> {
  const { node, platform, processor, cores } = await environmentFacts();
  return `Node ${node}, ${platform}, ${processor}, ${cores} ${cores === 1 ? 'core' : 'cores'}`;
}

/** Those that are chosen among by themselves, and one that the environment asks for beside them. */
const candidates = (asked: BackendName | undefined): readonly BackendName[] =>
  BACKENDS.filter((name) => name !== 'cpu' || name === asked);

async function diagnose(
  names: readonly BackendName[],
  asked: BackendName | undefined,
  seconds: number,
): Promise<Diagnosis> {
  const findings: Finding[] = [];
  for (const name of names) {
    sayOnTerminal(`trying ${name} …`);
    findings.push(await examine(name, { asked: name === asked, seconds }));
  }
  sayOnTerminal('');
  const trains = findings.find(
    ({ name, refused }) => refused === null && (asked === undefined || name === asked),
  );
  return {
    machine: await machine(),
    findings,
    takes: trains?.name ?? null,
    ...(asked !== undefined && { asked }),
  };
}

/** A line on a terminal that the next one overwrites; nothing elsewhere. */
function sayOnTerminal(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${line.padEnd(40)}\r`);
}

async function doctor({ json = false, backend, timeout }: DoctorOptions): Promise<void> {
  const asked = askedBackend(backend === undefined ? {} : { name: backend });
  const names = backend === undefined || asked === undefined ? candidates(asked) : [asked];
  const diagnosis = await diagnose(names, asked, secondsOf(timeout));
  process.stdout.write(
    json ? `${JSON.stringify(diagnosis, null, 2)}\n` : `\n${renderDiagnosis(diagnosis)}\n`,
  );
  if (diagnosis.findings.every(({ refused }) => refused !== null)) process.exitCode = 1;
}

/** Nobody asks a doctor for a stack trace. */
function inOneLine(error: unknown): never {
  throw error instanceof ProgramError ? error : new ProgramError(firstLine(error), 1);
}

/**
 * The command `doctor`. It tries every backend in a process of its own, prints a table of what was found, how to get
 * a faster one, and which one {@link selectBackend} takes. The exit code is 0 if one can train, else 1.
 *
 * @returns To be added to a program.
 */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Tells which backends can train here, how fast they are, and how to get a faster one.')
    .option('--backend <name>', `only this one: ${BACKENDS.join(', ')}`)
    .option('--timeout <seconds>', 'until a backend counts as hanging', '120')
    .option('--json', 'print everything that was found as JSON')
    .addHelpText(
      'after',
      helpEnd('0 a backend can train, 1 none can, 2 bad input', commandLine('doctor', '--backend wasm')),
    )
    .action((options: DoctorOptions) => runProgram('doctor', () => doctor(options).catch(inOneLine)));
}
