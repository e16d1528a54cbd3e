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
  mergeDocuments,
  placeOf,
  plainValue,
  scalarNode,
  type DocumentMap,
  type DocumentNode,
} from '../../documents/document.ts';
import { decodeExperiment, type Experiment } from './experiment.ts';
import { listOf, required, section, setting } from './section.ts';
import {
  distinctFaults,
  labelFaults,
  methodNameFaults,
  namedAtPart,
  singleExperimentFault,
  stageOneNameFaults,
  type WrittenPart,
} from './study-faults.ts';
import { withSources } from './study-sources.ts';
import { childOf, emptyMap, withEntry, withStageOneAsSources } from '../../documents/study-parts.ts';
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
export const StudyCodec = section('a study', {
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
  'stage-1': {
    ...setting(
      'Experiments of stage 1, one for all classes or one a class. "config template stage-1" lists their settings.',
      listOf(part, 'a list of stage-1 experiments'),
      [],
    ),
    example: [{ name: 'stage-1', training: { steps: 450 } }],
  },
  'stage-2': {
    ...setting('What all methods have in common. "config template stage-2" lists the settings.', part, {}),
    example: { network: { kind: 'small-cnn' }, training: { steps: 400 } },
  },
  methods: required(
    'Variants of stage 2 by name, each with what it changes of stage-2.',
    t.record(t.string, part, 'settings by name of the method, e.g. { erm: { method: { kind: erm } } }'),
    {
      erm: { method: { kind: 'erm' } },
      'group-dro': { method: { kind: 'group-dro' } },
      camel: { method: { kind: 'camel' } },
    },
  ),
});

const asMap = (node: DocumentNode | undefined, place: string): DocumentMap =>
  node?.of === 'map' ? node : emptyMap(place);

/** A name that cannot be one is a fault of the study; the experiment need not repeat it. */
const runName = (name: string, place: string): DocumentNode =>
  scalarNode(experimentName.is(name) ? name : 'method', place);

/** A kind that a part states must be that of its place in the study. */
function kindFault(settings: DocumentMap, kind: Experiment['kind']): DataError | undefined {
  const stated = childOf(settings, 'kind');
  return stated === undefined || plainValue(stated) === kind
    ? undefined
    : {
        where: `${stated.place}: kind`,
        expected: `"${kind}" in this part of a study`,
        found: JSON.stringify(plainValue(stated)),
        cure: 'extend an experiment of that stage',
      };
}

type Decoded<Kind extends Experiment['kind']> = E.Either<
  readonly DataError[],
  Extract<Experiment, { readonly kind: Kind }>
>;

/** An experiment of a study: its settings over the study's data, with its kind and name put in. */
function experimentOf<Kind extends Experiment['kind']>(
  settings: DocumentMap,
  kind: Kind,
  name: DocumentNode,
  data: DocumentNode,
): Decoded<Kind> {
  const wrong = kindFault(settings, kind);
  if (wrong !== undefined) return E.left([wrong]);
  const { place } = settings;
  const own = childOf(settings, 'data');
  const whole = [
    ['version', scalarNode(1, place)],
    ['kind', scalarNode(kind, place)],
    ['data', own === undefined ? data : mergeDocuments(data, own)],
    ['name', name],
  ] as const;
  const document = whole.reduce<DocumentMap>((node, [key, value]) => withEntry(node, key, value), settings);
  return decodeExperiment(document) as Decoded<Kind>;
}

/** What several parts need of the study's document. */
interface StudyDocument {
  readonly document: DocumentNode;
  readonly data: DocumentNode;
  /** Where the list of stage 1 stands. */
  readonly listed: string;
}

const named = (parts: readonly WrittenPart[], listed?: string) =>
  E.mapLeft((faults: readonly DataError[]) => faults.map((fault) => namedAtPart(fault, parts, listed)));

function stageOneOf({ document, data }: StudyDocument): readonly Decoded<'stage-1'>[] {
  const list = childOf(document, 'stage-1');
  return (list?.of === 'list' ? list.items : []).map((item, i) => {
    const settings = asMap(item, document.place);
    const name = childOf(settings, 'name') ?? scalarNode('stage-1', settings.place);
    return named([
      { name: `stage-1.${i}`, document: settings },
      { name: '', document },
    ])(experimentOf(settings, 'stage-1', name, data));
  });
}

function methodOf(
  name: string,
  stageOne: readonly StageOneExperiment[],
  { document, data, listed }: StudyDocument,
): Decoded<'stage-2'> {
  const part = (node: DocumentNode | undefined): DocumentMap =>
    withStageOneAsSources(asMap(node, document.place));
  const common = part(childOf(document, 'stage-2'));
  const own = part(childOf(childOf(document, 'methods'), name));
  const sourced = withSources(asMap(mergeDocuments(common, own), own.place), stageOne, listed);
  const parts = [
    { name: `methods.${name}`, document: own },
    { name: 'stage-2', document: common },
    { name: '', document },
  ];
  return named(
    parts,
    listed,
  )(E.Monad.chain(sourced, (variant) => experimentOf(variant, 'stage-2', runName(name, own.place), data)));
}

const rights = <A>(decoded: readonly E.Either<unknown, A>[]): readonly A[] =>
  decoded.flatMap((each) => (E.isRight(each) ? [each.right] : []));

/**
 * Decodes a composed study and checks what its parts mean together.
 *
 * @param document Without `extends`, overrides already in it.
 * @returns The study, roots still in its paths, or every fault with its file, line and column.
 */
export function decodeStudy(document: DocumentNode): E.Either<readonly DataError[], Study> {
  const single = singleExperimentFault(document);
  if (single !== undefined) return E.left([single]);
  const top = decode(StudyCodec, plainValue(document), (path, unknownKey) =>
    placeOf(document, path, unknownKey),
  );
  if (E.isLeft(top)) return top;
  const { name, backend: asked, seeds, labels, data, methods: written } = top.right;
  const names = Object.keys(written);
  const whole = { document, data: childOf(document, 'data')!, listed: placeOf(document, ['stage-1']) };
  const first = stageOneOf(whole);
  const stageOne = rights(first);
  const second = names.map((each) => methodOf(each, stageOne, whole));
  // What a method lacks because an experiment of stage 1 is wrong is not its own fault.
  const blamed = stageOne.length === first.length ? [...first, ...second] : first;
  const faults = [
    ...labelFaults(document, labels, data),
    ...stageOneNameFaults(document, stageOne),
    ...methodNameFaults(
      document,
      stageOne.map((each) => each.name),
      names,
    ),
    ...blamed.flatMap((each) => (E.isLeft(each) ? each.left : [])),
  ];
  return faults.length > 0
    ? E.left(distinctFaults(faults))
    : E.right({ name, backend: asked, seeds, labels, data, stageOne, methods: rights(second) });
}
