/** The guides are plain: short sentences, short pages, each found from the index. */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { pagesUnder } from './pages.ts';
import { quantile, sentencesInTables, sentencesOf, wordsOf } from './sentences.ts';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const read = (file: string): string => readFileSync(file, 'utf8');
const guides = pagesUnder(join(docs, 'guide'));
const named = guides.map((file) => ({ name: basename(file), text: read(file) }));

describe('the measure', () => {
  it('takes full stops for the end of a sentence, and nothing else', () => {
    const page = [
      '# A heading of a page.',
      'One two three: four; `five six` [seven eight](x.md). **Nine** ten eleven, e.g. Twelve!\n',
      '- An item with (some) words. No.',
      '',
      '```sh\nnpm run not counted.\n```',
      '',
      '| a cell of words | x |',
    ].join('\n');
    expect(sentencesOf(page.replace('page.', 'page.\n')).map(wordsOf)).toEqual([7, 5, 5]);
    expect(sentencesInTables(page).map(wordsOf)).toEqual([4]);
  });

  it('finds quantiles', () => {
    const numbers = Array.from({ length: 11 }, (_, i) => 10 - i);
    expect([quantile(numbers, 0.5), quantile(numbers, 0.9)]).toEqual([5, 9]);
  });
});

it('half of the sentences have at most 18 words, nine of ten at most 35', () => {
  const lengths = named.flatMap(({ text }) => sentencesOf(text).map(wordsOf));
  expect(lengths.length).toBeGreaterThan(500);
  expect(quantile(lengths, 0.5)).toBeLessThanOrEqual(18);
  expect(quantile(lengths, 0.9)).toBeLessThanOrEqual(35);
});

it.each(named)('$name is short, and so is each of its sentences', ({ text }) => {
  const long = [...sentencesOf(text), ...sentencesInTables(text)].filter(
    (sentence) => wordsOf(sentence) > 45,
  );
  expect(long).toEqual([]);
  expect(sentencesOf(text).reduce((sum, sentence) => sum + wordsOf(sentence), 0)).toBeLessThanOrEqual(1100);
});

it.each(['guide', 'notebook'])('the index of %s names every page', (folder) => {
  const index = join(docs, folder, 'index.md');
  const linked = Array.from(
    read(index)
      .replace(/<!--[\s\S]*?-->/g, '')
      .matchAll(/\]\(([^)#:]+\.md)\)/g),
    ([, to]) => join(dirname(index), to!),
  );
  const missing = pagesUnder(join(docs, folder)).filter((file) => file !== index && !linked.includes(file));
  expect(missing).toEqual([]);
});

it('the README has at most 700 words', () => {
  expect(read(join(docs, '../README.md')).split(/\s+/).length).toBeLessThanOrEqual(700);
});
