/**
 * Puts the guides and the notebook beside the reference, for `npm run docs`. A page is called by its heading. It stands
 * under the name of its folder, in the order in which the index of the folder names it.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Converter } from 'typedoc';

const docs = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The pages that the index of a folder names. */
const pagesOf = (folder) =>
  Array.from(
    readFileSync(join(docs, folder, 'index.md'), 'utf8')
      .replace(/<!--[^]*?-->/g, '')
      .matchAll(/\]\(([a-z0-9-]+\.md)\)/g),
    ([, page]) => join(docs, folder, page),
  );

/** Where a page stands, by its path below `docs` without its ending. */
const groupOf = (path) => (path.startsWith('guide/') ? 'Guides' : 'Measurements and design');

export function load(app) {
  app.on('bootstrapEnd', () =>
    app.options.setValue('projectDocuments', [
      ...pagesOf('guide'),
      join(docs, 'architecture.md'),
      join(docs, 'notebook/index.md'),
      ...pagesOf('notebook'),
    ]),
  );
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, page) => {
    const [, heading] = /^# (.+)$/m.exec(page.content[0].text);
    page.frontmatter.group = groupOf(page.name);
    page.name = heading;
  });
}
