/** What the guide says of browsers is what the projects do, which `npm run bundlers` tries. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

const section = /^## In a browser$([\s\S]*?)^## /m.exec(read('docs/backends.md'))![1]!;
const blocks = Array.from(section.matchAll(/^ *```\w+\n([\s\S]*?)^ *```/gm), ([, code]) =>
  code!
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== ''),
);

/** The block's place in the section, and the file that does what it says. */
const FILES = [
  ['Vite, copy', 'vite/project.json'],
  ['Vite', 'vite/main.ts'],
  ['esbuild, copy', 'esbuild/project.json'],
  ['esbuild', 'esbuild/main.ts'],
  ['no bundler, map', 'plain/index.html'],
  ['no bundler', 'plain/index.html'],
  ['start', 'esbuild/main.ts'],
  ['hashed names', 'vite/hashed.ts'],
] as const;

/** Lines of a program, without what separates them from their neighbours. */
const bare = (text: string): string => text.replace(/,?\s+/g, ' ');

it('every block has a file', () => expect(blocks).toHaveLength(FILES.length));

it.each(FILES.map(([name, file], index) => ({ name, file, index })))('$name: $file', ({ file, index }) => {
  const text = bare(
    file.endsWith('.json')
      ? (JSON.parse(read(`test/bundlers/${file}`)) as { scripts: { build: string } }).scripts.build
      : read(`test/bundlers/${file}`),
  );
  for (const line of blocks[index]!) {
    const [program, ...operands] = line.split(' ');
    const wanted = program === 'cp' ? operands.map((operand) => ` ${operand} `) : [bare(line)];
    for (const part of wanted) expect(`${text} `).toContain(part);
  }
});
