/**
 * How a published configuration, which has no version, is told from ours. It stands alone, so that the reader of the
 * published files is loaded only when there is one.
 */
import type { DocumentMap } from '../../documents/document.ts';

const scalarAt = (document: DocumentMap, key: string): unknown => {
  const node = document.entries.get(key)?.node;
  return node?.of === 'scalar' ? node.value : undefined;
};

/** Which stage of the published system a document configures; null for ours. */
export function publishedStage(document: DocumentMap): 1 | 2 | null {
  if (document.entries.has('version') || document.entries.has('kind')) return null;
  const prefix = scalarAt(document, 'prefix');
  if (prefix === 'cyclegan' || document.entries.has('source_dataset')) return 1;
  return prefix === 'robust' || document.entries.has('train_datasets') ? 2 : null;
}

/** The template that a published configuration names; null for none. */
export function parentTemplate(document: DocumentMap): string | null {
  const name = scalarAt(document, 'parent_template');
  return typeof name === 'string' && name !== 'None' && name !== '' ? name : null;
}

/** File names of the published templates. */
export const TEMPLATES = {
  1: 'template_cyclegan_training.yaml',
  2: 'template_robust_training.yaml',
} as const;
