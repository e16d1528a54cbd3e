/**
 * The shell and YAML blocks of README and guides. Programs know the options that they are called with, files are
 * there, and each configuration is right with the settings of the command. What programs do with them is shown by
 * `test/examples`. A file of the reader’s own is a block whose first line is a comment with its path.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { augmentCommand } from '../../src/cli/augment.ts';
import { camelCommand } from '../../src/cli/camel.ts';
import { configCommand } from '../../src/cli/config.ts';
import { doctorCommand } from '../../src/cli/doctor/doctor.ts';
import { evaluateCommand } from '../../src/cli/evaluate.ts';
import { makeSampleDataCommand } from '../../src/cli/make-sample-data.ts';
import { nativeCommand } from '../../src/cli/native/command.ts';
import { stageOneCommand } from '../../src/cli/stage-1.ts';
import { stageTwoCommand } from '../../src/cli/stage-2.ts';
import { studyCommand } from '../../src/cli/study.ts';
import { wandbCommand } from '../../src/cli/wandb/wandb.ts';
import { formatDataError } from '../../src/data/data-error.ts';
import { loadExperimentFile } from '../../src/experiment/experiment-file.ts';
import { readStudy } from '../../src/experiment/study/read-study.ts';
import { blocksOf, commandsIn } from './blocks.ts';
import { pagesUnder } from './pages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pages = [join(root, 'README.md'), ...pagesUnder(join(root, 'docs/guide'))].map((file) => ({
  page: basename(file),
  blocks: blocksOf(readFileSync(file, 'utf8')),
}));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

const scratch = mkdtempSync(join(tmpdir(), 'guide-'));
const home = process.cwd();
const yaml = pages.flatMap(({ page, blocks }) =>
  blocks
    .filter(({ language }) => language === 'yaml')
    .map(({ code }, i) => ({ name: `${page} #${i + 1}`, code })),
);
const pathOf = (code: string): string | undefined => /^# (\S+\.yaml)\n/.exec(code)?.[1];

beforeAll(() => {
  process.chdir(scratch);
  for (const folder of ['examples/configs', 'examples/studies'])
    cpSync(join(root, folder), folder, { recursive: true });
  for (const { code } of yaml) {
    const path = pathOf(code);
    if (path === undefined) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code);
  }
});
afterAll(() => {
  process.chdir(home);
  rmSync(scratch, { recursive: true, force: true });
});

const faultsIn = (
  read: E.Either<readonly Parameters<typeof formatDataError>[0][], unknown>,
): readonly string[] => (E.isLeft(read) ? read.left.map(formatDataError) : []);

/** What a fragment lacks; it is of either stage. */
const COMPLETE = {
  'stage-1': 'version: 1\nkind: stage-1\ndata: { kind: mnist-correlation }\n',
  'stage-2':
    'version: 1\nkind: stage-2\ndata: { kind: waterbirds }\nnetwork: { kind: small-cnn }\nmethod: { kind: erm }\n',
};

describe('configurations', () => {
  it.each(yaml)('$name is right', async ({ code }) => {
    if (/^kind: study$/m.test(code)) {
      writeFileSync('examples/studies/mnist-correlation/of-the-guide.yaml', code);
      return expect(
        faultsIn(await readStudy('examples/studies/mnist-correlation/of-the-guide.yaml')),
      ).toEqual([]);
    }
    const path = pathOf(code) ?? 'fragment.yaml';
    writeFileSync(path, code);
    if (/^(kind|extends):/m.test(code)) return expect(faultsIn(await loadExperimentFile(path))).toEqual([]);
    const faults: (readonly string[])[] = [];
    for (const complete of Object.values(COMPLETE)) {
      writeFileSync('complete.yaml', complete);
      writeFileSync('joined.yaml', `extends: [complete.yaml, ${path}]\n`);
      faults.push(faultsIn(await loadExperimentFile('joined.yaml')));
    }
    expect(faults).toContainEqual([]);
  });
});

const PROGRAMS: Readonly<Record<string, () => Command>> = {
  stage1: stageOneCommand,
  augment: augmentCommand,
  stage2: stageTwoCommand,
  evaluate: evaluateCommand,
  study: studyCommand,
  camel: camelCommand,
  'make-sample-data': makeSampleDataCommand,
  config: configCommand,
  doctor: doctorCommand,
  native: nativeCommand,
  wandb: wandbCommand,
};

interface Flags {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly preset?: string;
}
interface Call {
  readonly operands: readonly string[];
  readonly flags: Flags;
  readonly name: string;
}

/** What a program is called with, by its own options; it is not run. */
async function parsed(command: Command, args: readonly string[]): Promise<Call> {
  const calls: Call[] = [];
  const listen = (each: Command): void => {
    each.exitOverride().configureOutput({ writeErr: () => undefined });
    each.commands.forEach(listen);
    if (each.commands.length === 0)
      each.action(() => void calls.push({ operands: each.args, flags: each.opts(), name: each.name() }));
  };
  listen(command);
  await command.parseAsync(args, { from: 'user' });
  return calls[0]!;
}

/** Files that the reader has: one of the published system, and any that is called so. */
const OF_THE_READER = ['camel/config.yaml', 'my.yaml'];

/** The experiments and studies that a call names. */
function filesOf(program: string, { operands, flags, name }: Call): readonly string[] {
  if (program === 'camel') return [`examples/studies/mnist-correlation/${flags.preset!}.yaml`];
  if (program === 'study') return name === 'curve' ? [] : operands;
  if (program === 'config') return name === 'template' ? [] : operands;
  return flags.config === undefined ? [] : [flags.config];
}

async function checkFile(file: string, { set = [] }: Flags): Promise<void> {
  if (OF_THE_READER.includes(file) || file.includes('*')) return;
  const isStudy = /^kind: study$/m.test(readFileSync(file, 'utf8'));
  const read = isStudy ? await readStudy(file, set) : await loadExperimentFile(file, { overrides: set });
  expect(faultsIn(read), file).toEqual([]);
}

const commands = pages.flatMap(({ page, blocks }) =>
  blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) =>
      commandsIn(code).map((words) => ({
        page,
        line: words.join(' '),
        words: words.filter((word) => word !== '-s'),
      })),
    ),
);

describe('commands', () => {
  it('are found', () => expect(commands.length).toBeGreaterThan(40));

  it.each(commands.filter(({ words }) => words[0] === 'npm' && words[1] === 'run'))(
    '$page: $line',
    async ({ words: [, , script, ...rest] }) => {
      expect(scripts).toHaveProperty(script!);
      const program = PROGRAMS[script!];
      if (program === undefined) return;
      if (rest.length > 0) expect(rest[0]).toBe('--');
      const call = await parsed(program(), rest.slice(1));
      for (const file of filesOf(script!, call)) await checkFile(file, call.flags);
    },
  );

  it.each(commands.filter(({ words }) => words[0] === 'npx'))('$page: $line', ({ words }) => {
    const file = words.find((word) => word.endsWith('.ts'))!;
    expect(existsSync(join(root, file))).toBe(true);
  });
});
