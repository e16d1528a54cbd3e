import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { describe, expect, it } from 'vitest';
import {
  closed,
  finiteNumber,
  integer,
  naturalNumber,
  nonNegativeNumber,
  nullable,
  positiveInteger,
  positiveNumber,
  tagged,
  unitInterval,
  withDefault,
} from '../../src/config/index.ts';
import { lines, rightOf } from './decoded-lines.ts';

const Optimizer = closed(
  t.intersection([t.type({ rate: positiveNumber }), t.partial({ momentum: unitInterval })], 'Optimizer'),
);

const Schedule = tagged(
  'kind',
  {
    constant: closed(t.type({ kind: t.literal('constant') })),
    cosine: closed(t.type({ kind: t.literal('cosine'), steps: positiveInteger })),
  },
  'Schedule',
);

const Settings = closed(
  t.type({
    seed: withDefault(integer, 0),
    optimizers: t.array(Optimizer),
    schedule: withDefault(Schedule, { kind: 'constant' }),
  }),
);

describe('a closed object', () => {
  it('takes what it knows', () => {
    const settings = { seed: 3, optimizers: [{ rate: 1 }], schedule: { kind: 'cosine', steps: 10 } };
    expect(rightOf(Settings, settings)).toEqual(settings);
    expect(Settings.encode(rightOf(Settings, settings) as t.TypeOf<typeof Settings>)).toEqual(settings);
  });

  it('names an unknown key, the nearest known one, and what is missing, with their paths', () => {
    expect(lines(Settings, { optimizers: [{ rate: 1 }, { raet: 1, momentum: 2, zzz: 0 }] })).toEqual([
      'run.yaml: optimizers[1].raet: expected no such key, found unknown key "raet", did you mean "rate"?; remove or rename it',
      'run.yaml: optimizers[1].zzz: expected no such key, found unknown key "zzz"; remove or rename it',
      'run.yaml: optimizers[1].rate: expected a number above 0, found nothing; correct it',
      'run.yaml: optimizers[1].momentum: expected a number from 0 to 1, found 2; correct it',
    ]);
  });

  it.each([null, 3, 'text', [1]])('refuses %j as a whole', (value) => {
    expect(lines(closed(t.type({ a: t.number }, 'Pair')), value)[0]).toMatch(/^run\.yaml(: a)?: expected /);
  });

  it('knows own keys only', () => {
    const value: unknown = JSON.parse('{"rate": 1, "__proto__": {"a": 1}, "toString": 2}');
    expect(lines(Optimizer, value)).toHaveLength(2);
  });
});

describe('a default', () => {
  it('stands in for a missing value and hides no wrong one', () => {
    expect(rightOf(Settings, { optimizers: [] })).toEqual({
      seed: 0,
      optimizers: [],
      schedule: { kind: 'constant' },
    });
    expect(lines(Settings, { seed: null, optimizers: [] })).toEqual([
      'run.yaml: seed: expected an integer, found null; correct it',
    ]);
  });

  it('of an intersection leaves the paths as they are', () => {
    const codec = t.type({
      o: withDefault(t.intersection([t.type({ a: integer }), t.partial({ b: integer })]), { a: 1 }),
    });
    expect(lines(codec, { o: { a: 1, b: 'x' } })).toEqual([
      'run.yaml: o.b: expected an integer, found "x"; correct it',
    ]);
  });
});

describe('variants', () => {
  it('report on the chosen one only', () => {
    expect(lines(Settings, { optimizers: [], schedule: { kind: 'cosine', step: 3 } })).toEqual([
      'run.yaml: schedule.step: expected no such key, found unknown key "step", did you mean "steps"?; remove or rename it',
      'run.yaml: schedule.steps: expected an integer above 0, found nothing; correct it',
    ]);
  });

  it.each([
    ['cosin', '"cosin"', ', did you mean "cosine"?'],
    ['toString', '"toString"', ''],
    [7, '7', ''],
    [undefined, 'nothing', ''],
  ])('list the choices for the tag %s', (kind, found, hint) => {
    expect(lines(Settings, { optimizers: [], schedule: { kind } })).toEqual([
      `run.yaml: schedule.kind: expected one of "constant", "cosine"${hint}, found ${found}; correct it`,
    ]);
  });
});

describe('numbers', () => {
  const samples = [Number.NaN, Infinity, -Infinity, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2 ** 53, '1', null];
  it.each([
    ['finiteNumber', finiteNumber, [-1, -0.5, 0, 0.5, 1, 1.5, 2, 2 ** 53]],
    ['positiveNumber', positiveNumber, [0.5, 1, 1.5, 2, 2 ** 53]],
    ['nonNegativeNumber', nonNegativeNumber, [0, 0.5, 1, 1.5, 2, 2 ** 53]],
    ['unitInterval', unitInterval, [0, 0.5, 1]],
    ['integer', integer, [-1, 0, 1, 2]],
    ['naturalNumber', naturalNumber, [0, 1, 2]],
    ['positiveInteger', positiveInteger, [1, 2]],
  ])('%s has its range', (_, codec, accepted) => {
    expect(samples.filter((sample) => E.isRight(codec.decode(sample)))).toEqual(accepted);
    expect(samples.filter(codec.is)).toEqual(accepted);
  });

  it('may be null where that is said', () => {
    expect([null, 1, -1, undefined].map((value) => E.isRight(nullable(naturalNumber).decode(value)))).toEqual(
      [true, true, false, false],
    );
    expect(lines(nullable(naturalNumber), Number.NaN)).toEqual([
      'run.yaml: expected an integer of 0 or more, or null, found NaN; correct it',
    ]);
  });
});
