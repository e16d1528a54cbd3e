/**
 * A study: one data set, experiments of stage 1, and named variants of one experiment of stage 2, each for several
 * seeds. A part of a study is written as what it changes of the files that it extends; the data, the seed, the names and
 * the sources of translations are the study's own.
 */
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import type { DataError } from '../../data/data-error.ts';
import { integer, refine } from '../codecs.ts';
import { decode } from '../decoding.ts';
import { DataCodec, type DataSettings } from './data-settings.ts';
import {
  documentOf,
  mergeDocuments,
  placeOf,
  plainValue,
  type DocumentMap,
  type DocumentNode,
} from '../../documents/document.ts';
import { decodeExperiment, type Experiment } from './experiment.ts';
import { listOf, required, section, setting } from './section.ts';
import { distinctFaults, labelFaults, methodNameFaults, stageOneNameFaults } from './study-faults.ts';
import { childOf, withEntry, withStageOneAsSources } from '../../documents/study-parts.ts';
import { backend } from './training-settings.ts';
import type { StageOneExperiment } from './stage-one.ts';
import type { StageTwoExperiment } from './stage-two.ts';
import { experimentName } from './values.ts';

/** A study, decoded; `${NAME}` still stands in paths. */
export interface Study {
  readonly name: string;
  readonly backend: StageTwoExperiment['backend'];
  readonly seeds: readonly number[];
  readonly data: DataSettings;
  /** What a reader calls the groups, by their keys, such as `y0z1`. */
  readonly labels: Readonly<Record<string, string>>;
  /** In the order of the file, distinct by name. */
  readonly stageOne: readonly StageOneExperiment[];
  /** In the order of the file; the name of each is that of its method. */
  readonly methods: readonly StageTwoExperiment[];
}

const part = new t.Type<Readonly<Record<string, unknown>>>(
  'a map of settings',
  t.UnknownRecord.is,
  (value, context) =>
    t.UnknownRecord.is(value) && !Array.isArray(value) ? t.success(value) : t.failure(value, context),
  t.identity,
);
const isDistinct = (values: readonly unknown[]): boolean => new Set(values).size === values.length;

/** What the top of a study's file holds. */
const StudyCodec = section('a study', {
  version: required('Version of this schema.', t.literal(1, '1'), 1),
  kind: required('What the file is.', t.literal('study', '"study"'), 'study'),
  name: setting('Names the folder of the study.', experimentName, 'study'),
  backend,
  seeds: setting(
    'Every run is done once for each; a seed replaces those of the experiments and of corruptions.',
    refine(
      listOf(integer, 'a list of integers'),
      (seeds) => seeds.length > 0 && isDistinct(seeds),
      'a list of integers, at least one, each once',
    ),
    [0],
  ),
  labels: setting(
    'What reports call the groups, e.g. { y0z1: even zigzag }.',
    t.record(t.string, t.string, 'labels by group, e.g. { y0z1: even zigzag }'),
    {},
  ),
  data: required('The data set of all experiments.', DataCodec, { kind: 'mnist-correlation' }),
  'stage-1': setting(
    'Experiments of stage 1, one for all classes or one a class.',
    listOf(part, 'a list of stage-1 experiments'),
    [],
  ),
  'stage-2': setting('What all methods have in common.', part, {}),
  methods: required(
    'Variants of stage 2 by name.',
    t.record(t.string, part, 'settings by name of the method, e.g. { erm: { method: { kind: erm } } }'),
    { erm: {} },
  ),
});

const scalar = (value: string | number, place: string): DocumentNode => ({ of: 'scalar', place, value });
const emptyMap = (place: string): DocumentMap => ({ of: 'map', place, entries: new Map() });

const asMap = (node: DocumentNode | undefined, place: string): DocumentMap =>
  node?.of === 'map' ? node : emptyMap(place);

/** The sources of translations that a study's own stage 1 makes. */
function ownSources(stageOne: readonly StageOneExperiment[], place: string): DocumentNode {
  return documentOf(
    stageOne.map(({ name, translation }) => ({
      classes: translation.classes,
      from: { kind: 'run', path: `\${RUNS}/${name}` },
    })),
    place,
  );
}

/** A method's settings with the sources of its translations put in, as listed, where it leaves them to the study. */
function withSources(
  variant: DocumentMap,
  stageOne: readonly StageOneExperiment[],
  listed: string,
): E.Either<readonly DataError[], DocumentMap> {
  const method = childOf(variant, 'method');
  const kind = childOf(method, 'kind');
  if (method?.of !== 'map' || kind?.of !== 'scalar' || kind.value !== 'camel') return E.right(variant);
  const translations = childOf(method, 'translations') ?? emptyMap(method.place);
  const word = translations.of === 'scalar' ? String(translations.value) : 'true';
  if (word !== 'true' && word !== 'identity') {
    return E.left([
      {
        where: `${translations.place}: method.translations`,
        expected: 'stage-1, true, identity, or a map of settings',
        found: JSON.stringify(plainValue(translations)),
        cure: 'write one of these',
      },
    ]);
  }
  const sources = plainValue(childOf(translations, 'sources') ?? scalar('stage-1', ''));
  if (translations.of !== 'map' || sources !== 'stage-1') return E.right(variant);
  if (stageOne.length === 0) {
    return E.left([
      {
        where: `${method.place}: method.translations`,
        expected: 'experiments of stage 1 in the study, or true, identity or sources',
        found: 'none',
        cure: 'write stage-1, or say where the translations come from',
      },
    ]);
  }
  const sourced = withEntry(translations, 'sources', ownSources(stageOne, listed));
  return E.right(withEntry(variant, 'method', withEntry(method, 'translations', sourced)));
}

/**
 * Faults of an experiment, whose settings are those of a part of the study. Classes that its own stage 1, listed there,
 * leaves out or translates twice are a matter of the list.
 */
const ofPart = (name: string, listed?: string) =>
  E.mapLeft((faults: readonly DataError[]): readonly DataError[] =>
    faults.map((fault) => {
      const [, place, path] = /^(.*): ([^:]*)$/s.exec(fault.where) ?? [];
      if (place === listed && path === 'method.translations.sources') {
        return {
          where: `${place}: stage-1`,
          expected: 'experiments that translate every class once',
          found: fault.found,
          cure: 'set translation.classes of the experiments, or give the method translations of its own',
        };
      }
      return {
        ...fault,
        where: place === undefined ? `${fault.where}: ${name}` : `${place}: ${name}.${path}`,
      };
    }),
  );

/** A name that cannot be one is a fault of the study; the experiment need not repeat it. */
const runName = (name: string, place: string): DocumentNode =>
  scalar(experimentName.is(name) ? name : 'method', place);

/** An experiment of a study: its settings over the study's data, its kind and name set. */
function experimentOf<Kind extends Experiment['kind']>(
  settings: DocumentMap,
  kind: Kind,
  name: DocumentNode | null,
  data: DocumentNode,
): E.Either<readonly DataError[], Extract<Experiment, { readonly kind: Kind }>> {
  const place = settings.place;
  const stated = childOf(settings, 'kind');
  if (stated !== undefined && plainValue(stated) !== kind) {
    return E.left([
      {
        where: `${stated.place}: kind`,
        expected: `"${kind}" in this part of a study`,
        found: JSON.stringify(plainValue(stated)),
        cure: 'extend an experiment of that stage',
      },
    ]);
  }
  const own = childOf(settings, 'data');
  const whole = [
    ['version', scalar(1, place)],
    ['kind', scalar(kind, place)],
    ['data', own === undefined ? data : mergeDocuments(data, own)],
    ...(name === null ? [] : [['name', name] as const]),
  ] as const;
  const document = whole.reduce<DocumentMap>((node, [key, value]) => withEntry(node, key, value), settings);
  return decodeExperiment(document) as E.Either<
    readonly DataError[],
    Extract<Experiment, { readonly kind: Kind }>
  >;
}

/**
 * Decodes a composed study and checks what its parts mean together.
 *
 * @param document Without `extends`, overrides already in it.
 * @returns The study, roots still in its paths, or every fault with its file, line and column.
 */
export function decodeStudy(document: DocumentNode): E.Either<readonly DataError[], Study> {
  const top = decode(StudyCodec, plainValue(document), (path, unknownKey) =>
    placeOf(document, path, unknownKey),
  );
  if (E.isLeft(top)) return top;
  const file = top.right;
  const names = Object.keys(file.methods);
  if (names.length === 0) {
    return E.left([
      {
        where: `${placeOf(document, ['methods'])}: methods`,
        expected: 'at least one method',
        found: 'none',
        cure: 'write e.g. methods: { erm: { method: { kind: erm } } }',
      },
    ]);
  }
  const data = childOf(document, 'data')!;
  const listed = childOf(document, 'stage-1');
  const parts = listed?.of === 'list' ? listed.items : [];
  const listedAt = listed?.place ?? document.place;
  const firstStages = parts.map((settings, i) =>
    ofPart(`stage-1.${i}`)(
      experimentOf(
        asMap(settings, document.place),
        'stage-1',
        childOf(settings, 'name') === undefined ? scalar('stage-1', settings.place) : null,
        data,
      ),
    ),
  );
  const stageOne = firstStages.flatMap((each) => (E.isRight(each) ? [each.right] : []));
  const common = withStageOneAsSources(asMap(childOf(document, 'stage-2'), document.place));
  const methods = names.map((name) => {
    const own = withStageOneAsSources(asMap(childOf(childOf(document, 'methods'), name), document.place));
    const sourced = withSources(asMap(mergeDocuments(common, own), own.place), stageOne, listedAt);
    return ofPart(
      `methods.${name}`,
      listedAt,
    )(E.Monad.chain(sourced, (variant) => experimentOf(variant, 'stage-2', runName(name, own.place), data)));
  });
  // What a method lacks because an experiment of stage 1 is wrong is not its own fault.
  const blamed = stageOne.length === firstStages.length ? [...firstStages, ...methods] : firstStages;
  const faults = [
    ...labelFaults(document, file.labels, file.data),
    ...stageOneNameFaults(document, stageOne),
    ...methodNameFaults(
      document,
      stageOne.map(({ name }) => name),
      names,
    ),
    ...blamed.flatMap((each) => (E.isLeft(each) ? each.left : [])),
  ];
  if (faults.length > 0) return E.left(distinctFaults(faults));
  return E.right({
    name: file.name,
    backend: file.backend,
    seeds: file.seeds,
    data: file.data,
    labels: file.labels,
    stageOne,
    methods: methods.flatMap((each) => (E.isRight(each) ? [each.right] : [])),
  });
}
