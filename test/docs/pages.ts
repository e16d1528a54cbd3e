import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The Markdown files of a folder and of those below it, but for what `npm run docs` writes. */
export function pagesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'api' ? [] : pagesUnder(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** All pages that people read. */
export const pagesOf = (root: string): string[] => [
  ...pagesUnder(join(root, 'docs')),
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map((name) => join(root, name)),
];
