/** The sentences of a Markdown page, for measuring their length. */

/** Code is one word, a link is its text, and a picture is none. */
const plain = (text: string): string =>
  text
    .replace(/!\[[^\]]*\]\([^)]*\)/g, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/`[^`]*`/g, 'Code')
    .replace(/\b(e\.g|i\.e|vs)\./g, '$1')
    .replace(/[*_]{1,2}(?=\S)|(?<=\S)[*_]{1,2}/g, '');

/** A full stop ends a sentence, a colon and a semicolon do not. Shorter ones than three words are labels. */
const sentencesIn = (text: string): string[] =>
  plain(text)
    .replace(/\s+/g, ' ')
    .split(/(?<=[.!?][)”"]?) (?=[^a-z])/)
    .filter((sentence) => wordsOf(sentence) > 2);

/** How many words a sentence has. */
export const wordsOf = (sentence: string): number =>
  sentence.split(' ').filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

/** Blocks are paragraphs and items of lists; headings, tables and code are none. */
function blocksOf(page: string): string[] {
  return page
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/^ *```[\s\S]*?^ *```/gm, '')
    .split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )/)
    .filter((block) => !/^\s*[#|]/.test(block))
    .map((block) => block.replace(/^\s*(?:[-*]|\d+\.) /, ''));
}

/** The sentences of paragraphs and lists. */
export const sentencesOf = (page: string): string[] => blocksOf(page).flatMap(sentencesIn);

/** The sentences that stand in the cells of tables. */
export function sentencesInTables(page: string): string[] {
  const rows = page.replace(/^ *```[\s\S]*?^ *```/gm, '').match(/^\|.*\|$/gm) ?? [];
  return rows.flatMap((row) => row.slice(1, -1).split(/(?<!\\)\|/)).flatMap(sentencesIn);
}

/** The number below which a share of some numbers lies. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
