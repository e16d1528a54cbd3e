import { expect, it } from 'vitest';
import { commandLine, exampleFor, optionsHint } from '../../src/system/command-line.ts';
import { augmentCommand } from '../../src/cli/augment.ts';
import { doctorCommand } from '../../src/cli/doctor/doctor.ts';
import { evaluateCommand } from '../../src/cli/evaluate.ts';
import { stageOneCommand } from '../../src/cli/stage-1.ts';
import { stageTwoCommand } from '../../src/cli/stage-2.ts';
import { studyCommand } from '../../src/cli/study.ts';

it('words a call by where it runs', () => {
  expect(commandLine('native')).toBe('npm run native');
  expect(commandLine('native', '--gpu')).toBe('npm run native -- --gpu');
  expect(commandLine('native', '', false)).toBe('npx model-patching native');
  expect(commandLine('stage1', '--config a.yaml', false)).toBe('npx model-patching stage1 --config a.yaml');
  expect(optionsHint('doctor')).toBe('npm run doctor -- --help lists the options');
  expect([exampleFor('a', 'b'), exampleFor('a', 'b', false)]).toEqual(['a', 'b']);
});

it.each([
  [stageOneCommand(), 'stage1', 'stage-1/mnist-correlation/all-classes'],
  [stageTwoCommand(), 'stage2', 'stage-2/mnist-correlation/gdro'],
])('help ends with a line that works in a checkout', (command, name, config) => {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  expect(help.trimEnd().split('\n').at(-1)).toBe(
    `Example: npm run ${name} -- --config examples/configs/${config}.yaml --root DATA=examples/data`,
  );
});

it.each([
  stageOneCommand(),
  augmentCommand(),
  stageTwoCommand(),
  evaluateCommand(),
  studyCommand(),
  doctorCommand(),
])('help tells exit codes and an example', (command) => {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  const [codes, example] = help.trimEnd().split('\n').slice(-2);
  expect(codes).toMatch(/^Exit codes: 0 .*, 2 bad input/);
  expect(example).toMatch(
    new RegExp(`^Example: npm run ${command.name()} -- --?\\w|^Example: npm run study -- `),
  );
});
