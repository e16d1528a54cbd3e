#!/usr/bin/env node
/** The package's program: `npx model-patching <command>`. */
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { augmentCommand } from './augment.ts';
import { camelCommand } from './camel.ts';
import { configCommand } from './config.ts';
import { makeSampleDataCommand } from './make-sample-data.ts';
import { stageOneCommand } from './stage-1.ts';
import { evaluateCommand } from './evaluate.ts';
import { studyCommand } from './study.ts';
import { stageTwoCommand } from './stage-2.ts';
import { doctorCommand } from './doctor/doctor.ts';
import { nativeCommand } from './native/command.ts';
import { wandbCommand } from './wandb/wandb.ts';
import { refusalOf } from './refusal-of.ts';
import { optionsHint } from '../system/command-line.ts';
import { runProgram } from '../system/program.ts';

const program = new Command('model-patching')
  .description('Training that closes the accuracy gap between subgroups of a class.')
  .configureOutput({ writeErr: () => undefined })
  // Its own --version is not that of `native`.
  .enablePositionalOptions()
  .addHelpText(
    'after',
    `
Exit codes: 0 done, 1 the run failed, 2 bad input, 75 stopped after a checkpoint (the same command goes on).
The guides are listed in docs/guide/index.md, configurations of the published experiments are in examples/configs, both in the package.`,
  )
  .exitOverride();

for (const command of [
  stageOneCommand(),
  augmentCommand(),
  stageTwoCommand(),
  evaluateCommand(),
  studyCommand(),
  camelCommand(),
  wandbCommand(),
  makeSampleDataCommand(),
  configCommand(),
  doctorCommand(),
  nativeCommand(),
])
  program.addCommand(command.copyInheritedSettings(program));

await runProgram('model-patching', async () => {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  program.version((JSON.parse(manifest) as { version: string }).version);
  if (process.argv.length <= 2) return program.outputHelp();
  try {
    await program.parseAsync();
  } catch (error) {
    const named = program.commands.find((command) => command.name() === process.argv[2]) ?? null;
    const help = named === null ? 'npx model-patching --help lists the commands' : optionsHint(named.name());
    const refusal = refusalOf(error, help, named);
    if (refusal !== null) throw refusal;
  }
});
