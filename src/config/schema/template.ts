/**
 * A template has every setting of a stage or a study with its meaning, range and default. It is made from the codecs’
 * own descriptions, so that it cannot say what the codec does not do.
 */
import { either as E } from 'fp-ts';
import type * as t from 'io-ts';
import { stringify } from 'yaml';
import { descriptionOf, type Setting, type Settings } from './section.ts';
import { StageOneCodec } from './stage-one.ts';
import { StageTwoCodec } from './stage-two.ts';
import { StudyCodec } from './study.ts';

const WIDTH = 100;
/** Stands for a space at which a comment is not broken. */
const TOGETHER = '\u00a0';
/** Before every line of a choice that is not taken. */
const OTHER = '#| ';

type PlainMap = Readonly<Record<string, unknown>>;
const isMap = (value: unknown): value is PlainMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const indented = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => (line === '' ? '' : `  ${line}`));

function comment(text: string): readonly string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > WIDTH && line !== '#') {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line].map((each) => each.replaceAll(TOGETHER, ' '));
}

const flow = (value: unknown): string =>
  stringify(value, {
    collectionStyle: 'flow',
    // As Prettier writes them: maps with blanks inside, lists without.
    flowCollectionPadding: !Array.isArray(value),
    lineWidth: 0,
    singleQuote: true,
  }).trim();

/** The example of a setting, or else its default. */
function valueOf({ codec, fallback, example }: Setting): unknown {
  if (example === undefined) return fallback;
  const decoded = codec.decode(example);
  return E.isRight(decoded) ? decoded.right : example;
}

const values = (settings: Settings): PlainMap =>
  Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, valueOf(setting)]));

const RANGES: Readonly<Record<string, string>> = { boolean: 'true or false', string: 'text' };

function explained(setting: Setting): readonly string[] {
  const description = descriptionOf(setting.codec);
  const isSection = description?.of === 'section';
  const name = RANGES[setting.codec.name] ?? setting.codec.name;
  const range = description === undefined || description.of === 'list' ? ` Range: ${name}.` : '';
  const fallback =
    description?.of === 'variants' && isMap(setting.fallback) ? setting.fallback['kind'] : setting.fallback;
  const state = setting.required
    ? ' Required.'
    : ` ${`Default: ${flow(fallback)}.`.replaceAll(' ', TOGETHER)}`;
  return comment(`${setting.meaning}${range}${isSection && !setting.required ? '' : state}`);
}

function section(settings: Settings, map: PlainMap): readonly string[] {
  return Object.entries(settings).flatMap(([key, setting]) => [
    ...explained(setting),
    ...field(key, setting.codec, map[key]),
  ]);
}

/** The settings of one of several variants. */
function variant(
  kind: string,
  variants: Readonly<Record<string, Settings>>,
  map: PlainMap,
): readonly string[] {
  const choices = comment(`One of: ${Object.keys(variants).join(', ')}.`);
  return [...choices, `kind: ${flow(kind)}`, ...section(variants[kind] ?? {}, map)];
}

const listed = (lines: readonly string[]): readonly string[] => {
  const first = lines.findIndex((line) => !line.startsWith('#'));
  return [
    ...indented(lines.slice(0, first)),
    ...indented(lines.slice(first)).map((line, i) => (i === 0 ? `- ${line.slice(2)}` : line)),
  ];
};

/** A value without a description. The parts of a study are maps, which stand below each other. */
function plain(key: string, value: unknown): readonly string[] {
  const parts =
    isMap(value) && Object.values(value).every(isMap)
      ? Object.entries(value).map(([name, part]) => `  ${name}: ${flow(part)}`)
      : Array.isArray(value) && value.every(isMap)
        ? value.map((part) => `  - ${flow(part)}`)
        : [];
  return parts.length === 0 ? [`${key}: ${flow(value)}`] : [`${key}:`, ...parts];
}

function field(key: string, codec: t.Mixed, value: unknown): readonly string[] {
  const description = descriptionOf(codec);
  const others = (lines: readonly string[]): readonly string[] =>
    [`${key}:`, ...indented(lines)].map((line) => `${OTHER}${line}`);
  if (description?.of === 'section' && isMap(value)) {
    return [`${key}:`, ...indented(section(description.settings, value))];
  }
  if (description?.of === 'variants' && isMap(value)) {
    const { variants } = description;
    const kind = String(value['kind']);
    return [
      `${key}:`,
      ...indented(variant(kind, variants, value)),
      ...Object.entries(variants)
        .filter(([name]) => name !== kind)
        .flatMap(([name, settings]) => others(variant(name, variants, values(settings)))),
    ];
  }
  if (description?.of === 'list' && Array.isArray(value)) {
    const item = descriptionOf(description.item);
    if (item?.of === 'section' && value.length > 0) {
      return [
        `${key}:`,
        ...value.flatMap((each: PlainMap) => indented(listed(section(item.settings, each)))),
      ];
    }
    if (item?.of === 'variants') {
      const { variants } = item;
      return [
        `${key}: ${flow(value)}`,
        ...others(
          Object.entries(variants).flatMap(([name, settings]) =>
            listed(variant(name, variants, values(settings))),
          ),
        ),
      ];
    }
  }
  return plain(key, value);
}

const headOf = (what: string, change: string): string =>
  [
    `Every setting of ${what} with its meaning, its range and its default. Copy what you change; what a file leaves`,
    'out has the default. Lines that begin with #| are choices that are not taken: take #| away from a block, and put',
    'it before the block above. "extends: other.yaml" builds a file on another, relative to it, and --set',
    `${change} changes a setting on the command line. Paths are relative to the working folder, or begin with a`,
    'root such as ${DATA}, which an environment variable or --root DATA=FOLDER gives.',
  ].join(' ');

/** What a template is of. */
export type TemplateName = 'stage-1' | 'stage-2' | 'study';

const TEMPLATES = {
  'stage-1': [StageOneCodec, 'this stage', 'training.epochs=5'],
  'stage-2': [StageTwoCodec, 'this stage', 'training.epochs=5'],
  study: [StudyCodec, 'a study', 'stage-2.training.steps=5'],
} as const satisfies Record<TemplateName, unknown>;

/**
 * The commented template of a stage or of a study. It can be run as soon as its roots are given.
 *
 * @param name Which.
 * @example
 * ```ts
 * import { experimentTemplate } from 'model-patching/config';
 * if (!experimentTemplate('stage-2').includes('#| method:')) throw new Error('the methods not taken expected');
 * ```
 */
export function experimentTemplate(name: TemplateName): string {
  const [codec, what, change] = TEMPLATES[name];
  const description = descriptionOf(codec);
  if (description?.of !== 'section') throw new Error('a template is of a section');
  const { settings } = description;
  const map = values(settings);
  const parts = Object.entries(settings).flatMap(([key, setting]) => [
    '',
    ...explained(setting),
    ...field(key, setting.codec, map[key]),
  ]);
  return `${[...comment(headOf(what, change)), ...parts].join('\n')}\n`;
}
