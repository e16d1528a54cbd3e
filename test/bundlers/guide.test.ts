/** What the guide says of browsers is what the projects do, which `npm run bundlers` tries. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

const page = read('docs/guide/browsers.md');
/** Lines without their places and the comma that parts them from the next. */
const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim().replace(/,$/, ''))
    .filter((line) => line !== '');

const blocks = Array.from(page.matchAll(/^ *```\w+\n([\s\S]*?)^ *```/gm), ([, code]) => linesOf(code!));

/** The file that does what each block of the section says, in their order. */
const FILES = [
  'vite/project.json',
  'vite/main.ts',
  'esbuild/project.json',
  'esbuild/main.ts',
  'plain/index.html',
  'plain/index.html',
  'esbuild/main.ts',
  'vite/hashed.ts',
  'vite/hashed.ts',
];

it('every block has a file', () => expect(blocks).toHaveLength(FILES.length));

it.each(FILES.map((file, index) => ({ file, block: blocks[index]! })))(
  '$file has its block',
  ({ file, block }) => {
    const text = read(`test/bundlers/${file}`);
    if (!file.endsWith('.json')) return expect(linesOf(text)).toEqual(expect.arrayContaining(block));
    const { scripts } = JSON.parse(text) as { scripts: { build: string } };
    const [, from, to] = block[0]!.split(' ');
    expect(scripts.build).toContain(`${from} ${to}`);
  },
);
