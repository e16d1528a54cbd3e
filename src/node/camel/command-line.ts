/** From the text of a command line to settings: a preset, and what the options change of it. */
import { apply, either as E } from 'fp-ts';
import type { DataError } from '../../data/data-error.ts';
import { BUDGETS } from './presets.ts';
import {
  METHODS,
  PRESETS,
  TRANSLATIONS,
  type CamelSettings,
  type Method,
  type MethodSettings,
  type StageTwoSettings,
} from './settings.ts';

/** The command line as it was given, every value still text. */
export interface CamelOptions {
  readonly preset?: string;
  readonly methods?: string;
  readonly seed?: string;
  readonly translations?: string;
  readonly splits?: string;
  readonly steps?: string;
  readonly stage1Steps?: string;
  readonly width?: string;
  readonly rateFactor?: string;
  readonly learningRate?: string;
  readonly weightDecay?: string;
  readonly consistencyWeight?: string;
}

type Decoded<A> = E.Either<DataError, A>;

const refuse = (option: string, expected: string, found: string, cure: string): Decoded<never> =>
  E.left({ where: `--${option}`, expected, found, cure });

function choice<A extends string>(option: string, value: string, choices: readonly A[]): Decoded<A> {
  const found = choices.find((candidate) => candidate === value);
  return found === undefined
    ? refuse(option, `one of ${choices.join(', ')}`, `'${value}'`, 'choose one of them')
    : E.right(found);
}

function wholeNumber(option: string, value: string, least: number): Decoded<number> {
  const number = value.trim() === '' ? Number.NaN : Number(value);
  return Number.isSafeInteger(number) && number >= least
    ? E.right(number)
    : refuse(
        option,
        `a whole number${least === -Infinity ? '' : ` of at least ${least}`}`,
        `'${value}'`,
        `give one, e.g. --${option} ${Math.max(1, least)}`,
      );
}

function widthFactor(value: string): Decoded<number> {
  const number = value.trim() === '' ? Number.NaN : Number(value);
  return number > 0 && number <= 4
    ? E.right(number)
    : refuse(
        'width',
        'a factor above 0 and at most 4; 1 is as published',
        `'${value}'`,
        'give e.g. --width 0.25',
      );
}

/** A number that may be 0 where `least` is. */
function rate(option: string, value: string, least: 'positive' | 'zero'): Decoded<number> {
  const number = value.trim() === '' ? Number.NaN : Number(value);
  return Number.isFinite(number) && (least === 'positive' ? number > 0 : number >= 0)
    ? E.right(number)
    : refuse(
        option,
        `a number ${least === 'positive' ? 'above 0' : 'of at least 0'}`,
        `'${value}'`,
        `give e.g. --${option} 0.01`,
      );
}

function methodList(value: string): Decoded<readonly Method[]> {
  const named = value.split(',').map((name) => name.trim());
  const unknown = named.find((name) => !METHODS.some((method) => method === name));
  return unknown === undefined
    ? E.right(METHODS.filter((method) => named.includes(method)))
    : refuse(
        'methods',
        `some of ${METHODS.join(', ')}, separated by commas`,
        `'${unknown}'`,
        `give e.g. --methods erm,camel`,
      );
}

/** Changes apply to every method; λ to the one that has it. */
function changedMethods(
  methods: StageTwoSettings['methods'],
  changes: {
    readonly rateFactor: number;
    readonly learningRate: number | undefined;
    readonly weightDecay: number | undefined;
    readonly consistencyWeight: number | undefined;
  },
): StageTwoSettings['methods'] {
  const changed = (method: Method): MethodSettings => ({
    ...methods[method],
    learningRate: changes.learningRate ?? methods[method].learningRate * changes.rateFactor,
    weightDecay: changes.weightDecay ?? methods[method].weightDecay,
  });
  const camel = changed('camel');
  return {
    erm: changed('erm'),
    gdro: changed('gdro'),
    camel: { ...camel, consistencyWeight: changes.consistencyWeight ?? camel.consistencyWeight },
  };
}

const optional = <A>(
  value: string | undefined,
  decode: (value: string) => Decoded<A>,
): Decoded<A | undefined> => (value === undefined ? E.right(undefined) : decode(value));

/**
 * The settings that a command line asks for.
 *
 * @param options Text as given; absent ones take the preset's values.
 * @returns Settings, or the first option that cannot be understood.
 * @example
 * ```ts
 * import { camelSettings } from 'model-patching/node';
 * const settings = camelSettings({ preset: 'smoke', seed: '3', width: '0' });
 * if (settings._tag !== 'Left' || settings.left.where !== '--width') throw new Error('a width of 0 is refused');
 * ```
 */
export function camelSettings(options: CamelOptions): E.Either<DataError, CamelSettings> {
  return E.Functor.map(
    apply.sequenceS(E.Apply)({
      preset: choice('preset', options.preset ?? 'quick', PRESETS),
      seed: wholeNumber('seed', options.seed ?? '0', -Infinity),
      methods: methodList(options.methods ?? METHODS.join(',')),
      translations: choice('translations', options.translations ?? 'cyclegan', TRANSLATIONS),
      splits: optional(options.splits, (value) =>
        choice('splits', value, ['disjoint', 'published'] as const),
      ),
      steps: optional(options.steps, (value) => wholeNumber('steps', value, 1)),
      stage1Steps: optional(options.stage1Steps, (value) => wholeNumber('stage1-steps', value, 1)),
      width: optional(options.width, widthFactor),
      rateFactor: rate('rate-factor', options.rateFactor ?? '1', 'positive'),
      learningRate: optional(options.learningRate, (value) => rate('learning-rate', value, 'positive')),
      weightDecay: optional(options.weightDecay, (value) => rate('weight-decay', value, 'zero')),
      consistencyWeight: optional(options.consistencyWeight, (value) =>
        rate('consistency-weight', value, 'zero'),
      ),
    }),
    ({ preset, seed, methods, translations, splits, steps, stage1Steps, width, ...changes }) => {
      const { data, stage1, gate, stage2 } = BUDGETS[preset];
      return {
        preset,
        seed,
        methods,
        translations,
        data: { ...data, splits: splits ?? data.splits },
        stage1: { ...stage1, steps: stage1Steps ?? stage1.steps, width: width ?? stage1.width },
        gate,
        stage2: {
          ...stage2,
          steps: steps ?? stage2.steps,
          width: width ?? stage2.width,
          methods: changedMethods(stage2.methods, changes),
        },
      };
    },
  );
}
