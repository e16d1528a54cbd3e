/** A configuration of either stage, from a composed document: decoded, checked, its roots put in. */
import { either as E } from 'fp-ts';
import type * as t from 'io-ts';
import type { DataError } from '../../data/data-error.ts';
import { decode, pathText } from '../decoding.ts';
import { didYouMean } from '../did-you-mean.ts';
import { settingFaults } from './checks.ts';
import { placeOf, plainValue, type DocumentNode } from '../../documents/document.ts';
import { withRoots, type Roots } from './roots.ts';
import { StageOneCodec, type StageOneExperiment } from './stage-one.ts';
import { StageTwoCodec, type StageTwoExperiment } from './stage-two.ts';

/** What a configuration file says, decoded: plain data. */
export type Experiment = StageOneExperiment | StageTwoExperiment;

const CODECS: Readonly<Record<string, t.Type<StageOneExperiment> | t.Type<StageTwoExperiment>>> = {
  'stage-1': StageOneCodec,
  'stage-2': StageTwoCodec,
};

/** The codec of an experiment's kind. */
export const codecOf = (experiment: Experiment): t.Type<Experiment> =>
  CODECS[experiment.kind] as t.Type<Experiment>;

function topFault(document: DocumentNode): DataError | undefined {
  const value = (key: string): unknown => {
    const node = document.of === 'map' ? document.entries.get(key)?.node : undefined;
    return node?.of === 'scalar' ? node.value : node;
  };
  const fault = (key: string, expected: string, cure: string): DataError => {
    const found = value(key);
    return {
      where: `${placeOf(document, [key])}: ${key}`,
      expected,
      found:
        found === undefined
          ? 'nothing'
          : typeof found === 'object'
            ? 'no single value'
            : JSON.stringify(found),
      cure,
    };
  };
  if (value('version') !== 1) {
    const cure =
      value('version') === undefined
        ? 'write "version: 1"'
        : 'use the release that writes this version, or copy a template';
    return fault('version', 'version 1 of the schema', cure);
  }
  const kind = value('kind');
  if (typeof kind === 'string' && Object.hasOwn(CODECS, kind)) return undefined;
  if (kind === 'study')
    return fault(
      'kind',
      'an experiment of one stage',
      'run it with study run, or check it with config check',
    );
  const names = Object.keys(CODECS);
  const near = typeof kind === 'string' ? didYouMean(kind, names) : '';
  return fault(
    'kind',
    `one of ${names.map((name) => `"${name}"`).join(', ')}${near}`,
    'say which stage it is',
  );
}

/**
 * Decodes a composed document and checks what its settings mean together.
 *
 * @param document Without `extends`, overrides already in it.
 * @param roots Folders by name, which are put into its paths; null leaves the names there.
 * @returns The experiment, or every fault with its file, line and column.
 */
export function decodeExperiment(
  document: DocumentNode,
  roots: Roots | null = null,
): E.Either<readonly DataError[], Experiment> {
  const top = topFault(document);
  if (top !== undefined) return E.left([top]);
  const value = plainValue(document) as { readonly kind: string };
  const codec = CODECS[value.kind] as t.Type<Experiment>;
  const decoded = decode(codec, value, (path, unknownKey) => placeOf(document, path, unknownKey));
  if (E.isLeft(decoded)) return decoded;
  const faults = settingFaults(decoded.right).map(({ path, ...fault }) => ({
    where: `${placeOf(document, path)}: ${pathText(path)}`,
    ...fault,
  }));
  return faults.length === 0
    ? withRoots(codec, decoded.right, roots, (path) => placeOf(document, path))
    : E.left(faults);
}
