/** The sources of translations that CAMEL takes from a study's own stage 1. */
import { either as E } from 'fp-ts';
import type { DataError } from '../../data/data-error.ts';
import { documentOf, plainValue, type DocumentMap, type DocumentNode } from '../../documents/document.ts';
import { childOf, emptyMap, withEntry } from '../../documents/study-parts.ts';
import type { StageOneExperiment } from './stage-one.ts';

function ownSources(stageOne: readonly StageOneExperiment[], place: string): DocumentNode {
  return documentOf(
    stageOne.map(({ name, translation }) => ({
      classes: translation.classes,
      from: { kind: 'run', path: `\${RUNS}/${name}` },
    })),
    place,
  );
}

/** What a method that translates is wrong about before it has sources. */
function translationsFault(
  method: DocumentMap,
  translations: DocumentNode,
  expected: string,
  found: string,
  cure: string,
): E.Either<readonly DataError[], never> {
  const { place } = childOf(method, 'translations') === undefined ? method : translations;
  return E.left([{ where: `${place}: method.translations`, expected, found, cure }]);
}

/**
 * A method's settings with the sources of its translations put in, where it leaves them to the study.
 *
 * @param variant The settings.
 * @param stageOne The study's own experiments.
 * @param listed Where these are listed.
 */
export function withSources(
  variant: DocumentMap,
  stageOne: readonly StageOneExperiment[],
  listed: string,
): E.Either<readonly DataError[], DocumentMap> {
  const method = childOf(variant, 'method');
  const kind = childOf(method, 'kind');
  if (method?.of !== 'map' || kind?.of !== 'scalar' || kind.value !== 'camel') return E.right(variant);
  const translations = childOf(method, 'translations') ?? emptyMap(method.place);
  const word = translations.of === 'scalar' ? String(translations.value) : 'true';
  if (word !== 'true' && word !== 'identity')
    return translationsFault(
      method,
      translations,
      'stage-1, true, identity, or a map of settings',
      JSON.stringify(plainValue(translations)),
      'write one of these',
    );
  const sources = childOf(translations, 'sources');
  const isOwn = sources === undefined || plainValue(sources) === 'stage-1';
  if (translations.of !== 'map' || !isOwn) return E.right(variant);
  if (stageOne.length === 0)
    return translationsFault(
      method,
      translations,
      'experiments of stage 1 in the study, or true, identity or sources',
      'none',
      'write stage-1, or say where the translations come from',
    );
  const sourced = withEntry(translations, 'sources', ownSources(stageOne, listed));
  return E.right(withEntry(variant, 'method', withEntry(method, 'translations', sourced)));
}
