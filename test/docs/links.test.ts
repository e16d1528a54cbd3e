/** Every link of a page to a file of the repository finds it, and the heading that it names. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { pagesOf } from './pages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const withoutCode = (page: string): string =>
  page.replace(/<!--[\s\S]*?-->|^ *```[\s\S]*?^ *```/gm, '').replace(/`[^`\n]*`/g, '');

/** The anchors of a page, as GitHub and the site make them of its headings. They differ where a heading has code. */
const anchorsOf = (page: string): readonly string[] =>
  Array.from(page.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/^#+ (.+)$/gm), ([, heading]) =>
    heading!
      .replace(/`[^`]*`/g, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );

function faultsOf(file: string): string[] {
  const page = readFileSync(file, 'utf8');
  return Array.from(withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path, anchor] = link.split('#') as [string, string?];
      const target = path === '' ? file : join(dirname(file), path);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
    });
}

it.each(pagesOf(root).map((file) => ({ file, name: relative(root, file) })))('links of $name', ({ file }) => {
  expect(faultsOf(file)).toEqual([]);
});
