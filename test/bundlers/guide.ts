/** What docs/backends.md tells a reader to type for a browser, so that exactly that is tried here. */
import { readFileSync } from 'node:fs';

const GUIDE = new URL('../../docs/backends.md', import.meta.url);

/** A heading of the guide's chapter "In a browser". */
export type Chapter = 'Vite' | 'esbuild' | 'A page without a bundler';

function chapter(title: Chapter): string {
  const text = readFileSync(GUIDE, 'utf8');
  const start = text.indexOf(`\n### ${title}\n`);
  if (start < 0) throw new Error(`docs/backends.md has no chapter '${title}'.`);
  return text.slice(start + 1).split(/\n#{2,3} (?!#)/)[0]!;
}

/** The code of a chapter that is marked as `language`. */
export function guideBlocks(title: Chapter, language: 'sh' | 'typescript' | 'html'): readonly string[] {
  const blocks = chapter(title).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'));
  return Array.from(blocks, (match) => match[1]!);
}
