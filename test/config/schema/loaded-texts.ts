import { either as E } from 'fp-ts';
import { expect } from 'vitest';
import { experimentFromTexts, type LoadedExperiment, type LoadOptions } from '../../../src/config/index.ts';
import { formatDataError } from '../../../src/data/data-error.ts';

export const ERM = [
  'version: 1',
  'kind: stage-2',
  'data: { kind: waterbirds }',
  'network: { kind: resnet50 }',
  'method: { kind: erm }',
].join('\n');

export type Texts = Readonly<Record<string, string>>;

export const asTexts = (texts: Texts | string): Texts =>
  typeof texts === 'string' ? { 'a.yaml': texts } : texts;

export async function right(texts: Texts | string, options?: LoadOptions): Promise<LoadedExperiment> {
  const loaded = await experimentFromTexts('a.yaml', asTexts(texts), options);
  if (E.isLeft(loaded)) throw new Error(loaded.left.map(formatDataError).join('\n'));
  return loaded.right;
}

/** Every fault as its one line. */
export async function faults(texts: Texts | string, options?: LoadOptions): Promise<readonly string[]> {
  const loaded = await experimentFromTexts('a.yaml', asTexts(texts), options);
  if (E.isRight(loaded)) throw new Error('expected faults');
  const lines = loaded.left.map(formatDataError);
  lines.forEach((line) => expect(line).not.toMatch(/\n| {4}at /));
  return lines;
}
