/** Published configurations, decoded and written in our schema. */
import { either as E } from 'fp-ts';
import type * as t from 'io-ts';
import type { DataError } from '../../data/data-error.ts';
import { decode, pathText } from '../decoding.ts';
import {
  documentOf,
  placeOf,
  plainValue,
  type DocumentMap,
  type DocumentNode,
} from '../../documents/document.ts';
import {
  IGNORED_IN_STAGE_ONE,
  IGNORED_IN_STAGE_TWO,
  PublishedStageOneCodec,
  PublishedStageTwoCodec,
  type IgnoredSettings,
} from './published-settings.ts';
import { refusals } from './published-refusal.ts';
import { translateStageOne, type Translated } from './published-stage-one.ts';
import { translateStageTwo } from './published-stage-two.ts';
import type { StageOneResults } from './stage-two-translations.ts';

/** The text `None` means null. */
function withNulls(node: DocumentNode): DocumentNode {
  if (node.of === 'scalar') return node.value === 'None' ? { ...node, value: null } : node;
  if (node.of === 'list') return { ...node, items: node.items.map(withNulls) };
  const entries = Array.from(
    node.entries,
    ([key, entry]) => [key, { ...entry, node: withNulls(entry.node) }] as const,
  );
  return { ...node, entries: new Map(entries) };
}

/** One line for each reason, with the settings that it leaves out. */
const ignoredIn = (document: DocumentMap, table: IgnoredSettings): readonly string[] =>
  Object.entries(table).flatMap(([reason, settings]) => {
    const there = [...document.entries.keys()].filter((key) => settings.includes(key));
    return there.length === 0 ? [] : [`ignored, since ${reason}: ${there.join(', ')}`];
  });

/**
 * A published configuration in our schema.
 *
 * @param document Composed with its templates.
 * @param stage Of `publishedStage`.
 * @param results Where results of stage 1 are, by the tracker’s run ids.
 * @returns The document as a file of ours would be, and everything in it that has no meaning here or got another one.
 */
export function translatePublished(
  document: DocumentMap,
  stage: 1 | 2,
  results: StageOneResults,
): E.Either<readonly DataError[], { readonly document: DocumentNode; readonly notices: readonly string[] }> {
  const plain = plainValue(withNulls(document));
  const translate = <A>(
    codec: t.Decoder<unknown, A>,
    convert: (published: A) => Translated,
    ignored: IgnoredSettings,
  ) => {
    const decoded = decode(codec, plain, (path, unknownKey) => placeOf(document, path, unknownKey));
    if (E.isLeft(decoded)) return decoded;
    const translated = refusals(() => convert(decoded.right));
    if (E.isLeft(translated)) {
      const { path, ...fault } = translated.left;
      return E.left([{ where: `${placeOf(document, path)}: ${pathText(path)}`, ...fault }]);
    }
    const { value, notices } = translated.right;
    return E.right({
      document: documentOf(value, document.place),
      notices: [...notices, ...ignoredIn(document, ignored)],
    });
  };
  return stage === 1
    ? translate(PublishedStageOneCodec, translateStageOne, IGNORED_IN_STAGE_ONE)
    : translate(
        PublishedStageTwoCodec,
        (published) => translateStageTwo(published, results),
        IGNORED_IN_STAGE_TWO,
      );
}
