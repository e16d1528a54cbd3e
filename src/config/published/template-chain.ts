/**
 * The templates that a published configuration is completed by: `parent_template`, which may name its own; or else the
 * published template that lies in a folder above.
 */
import { either as E } from 'fp-ts';
import type { DataError } from '../../data/data-error.ts';
import {
  boundaryOf,
  folderOf,
  isBelow,
  namedFile,
  normalizePath,
  readDocument,
  type ReadText,
} from '../../documents/composition.ts';
import { mergeDocuments, placeOf, type DocumentMap } from '../../documents/document.ts';
import { parentTemplate, TEMPLATES } from './published-stage.ts';

const HIGHEST = 4;

function templatesAbove(file: string, template: string): readonly string[] {
  const folder = folderOf(file);
  const boundary = boundaryOf(file);
  return Array.from({ length: HIGHEST + 1 }, (_, up) =>
    normalizePath(
      `${folder === '' ? '' : folder === '/' ? '/' : `${folder}/`}${'../'.repeat(up)}${template}`,
    ),
  ).filter((path) => boundary !== '' || isBelow(path, ''));
}

/** A document over another. */
const over = (document: DocumentMap, template: DocumentMap): DocumentMap => {
  const merged = mergeDocuments(template, document);
  return merged.of === 'map' ? merged : document;
};

/**
 * A published configuration completed by its templates.
 *
 * @param document Of the file itself.
 * @param chain The files that led to it, itself last.
 * @param stage Of `publishedStage`.
 * @param read Gives texts.
 * @returns The completed document, and the templates that were used.
 */
export async function withTemplates(
  document: DocumentMap,
  chain: readonly string[],
  stage: 1 | 2,
  read: ReadText,
): Promise<E.Either<DataError, { readonly document: DocumentMap; readonly templates: readonly string[] }>> {
  const named = parentTemplate(document);
  if (named !== null) {
    const place = placeOf(document, ['parent_template']);
    const file = namedFile(named, chain, place, 'parent_template');
    if (E.isLeft(file)) return file;
    const template = await readDocument(file.right, read, place);
    if (E.isLeft(template)) return template;
    const completed = await withTemplates(template.right, [...chain, file.right], stage, read);
    return E.Functor.map(completed, ({ document: base, templates }) => ({
      document: over(document, base),
      templates: [file.right, ...templates],
    }));
  }
  if (chain.length > 1 || chain[0]!.endsWith(TEMPLATES[stage])) return E.right({ document, templates: [] });
  for (const path of templatesAbove(chain[0]!, TEMPLATES[stage])) {
    const text = await read(path);
    if (E.isRight(text) && text.right === null) continue;
    const template = await readDocument(path, read);
    return E.Functor.map(template, (base) => ({ document: over(document, base), templates: [path] }));
  }
  return E.right({ document, templates: [] });
}
