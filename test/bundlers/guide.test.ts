import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { guideBlocks, type Chapter } from './guide.ts';

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Lines of a block that the file lacks; what a comment says is the guide's own. */
function lacking(block: string, file: string): string[] {
  const there = lines(readFileSync(new URL(file, import.meta.url), 'utf8'));
  return lines(block).filter((line) => !there.includes(line.replace(/ *\/\/ .*$/, '')));
}

const PAGES: readonly (readonly [Chapter, 'typescript' | 'html', readonly string[]])[] = [
  ['Vite', 'typescript', ['vite/main.ts', 'vite/hashed.ts']],
  ['esbuild', 'typescript', ['esbuild/main.ts']],
  ['A page without a bundler', 'html', ['plain/index.html']],
];

describe('the pages that browsers open', () => {
  it.each(PAGES)('are written as the guide says: %s', (chapter, language, files) => {
    const blocks = guideBlocks(chapter, language);
    expect(blocks).toHaveLength(files.length);
    expect(blocks.map((block, i) => lacking(block, files[i]!))).toEqual(files.map(() => []));
  });

  it('take three lines with a bundler: a copy, an import and a call', () => {
    for (const chapter of ['Vite', 'esbuild'] as const) {
      const [copy] = lines(guideBlocks(chapter, 'sh')[0]!);
      expect(copy).toMatch(
        /^mkdir -p .* && cp node_modules\/@tensorflow\/tfjs-backend-wasm\/dist\/\*\.wasm /,
      );
      expect(lines(guideBlocks(chapter, 'typescript')[0]!)).toHaveLength(2);
    }
  });
});
