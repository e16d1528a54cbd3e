import { expect, it } from 'vitest';
import { ProgramError } from '../../src/system/program.ts';
import { benchOptions } from './options.ts';

const names = ['erm', 'camel'];

it('reads what is given', () => {
  expect(
    benchOptions(['--quick', '--only', 'camel, erm', '--json', 'a.json', '--backend', 'wasm'], names),
  ).toMatchObject({
    only: ['camel', 'erm'],
    json: 'a.json',
    backend: 'wasm',
    repeats: 2,
    peers: false,
  });
  expect(benchOptions(['--peers', '--python', 'py', '--repeats', '7'], names)).toMatchObject({
    peers: true,
    python: 'py',
    repeats: 7,
  });
});

it.each([
  [['--only', 'erm,gan'], "--only: expected some of erm, camel, found 'gan'"],
  [['--repeats', '0'], "--repeats: expected an integer from 1 to 9999, found '0'"],
  [['--repeats', '1e3'], "found '1e3'"],
  [['--json', ''], '--json: expected a file'],
  [['--fast'], "unknown option '--fast'"],
  [['--only'], "option '--only <list>' argument missing"],
  [['erm'], "expected options only, found 'erm'"],
])('%j ends with one line and exit code 2', (args, message) => {
  let error: unknown;
  try {
    benchOptions(args, names);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ProgramError);
  expect((error as ProgramError).exitCode).toBe(2);
  expect((error as ProgramError).message).toContain(message);
  expect((error as ProgramError).message).not.toContain('\n');
});
