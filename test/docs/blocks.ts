/** The code of a Markdown page. */

/** A fenced block. */
export interface Block {
  readonly language: string;
  readonly code: string;
}

/** The fenced blocks of a page, without what they are indented by. */
export const blocksOf = (page: string): Block[] =>
  Array.from(page.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm), ([, indent, language, code]) => ({
    language: language!,
    code: code!.replaceAll(new RegExp(`^${indent!}`, 'gm'), ''),
  }));

/** The words of a shell command: quotes hold a word together. */
const wordsOf = (command: string): string[] =>
  Array.from(command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g), ([word]) => word.replaceAll(/['"]/g, ''));

/** The commands of a shell block, as words, without comments and redirections; a line that ends in \ goes on. */
export const commandsIn = (code: string): string[][] =>
  code
    .replaceAll(/\\\n\s*/g, ' ')
    .split(/\n| && /)
    .map((line) => wordsOf(line.replace(/(^|\s)(#.*$|\d?> ?\S+)/g, '')))
    .filter((words) => words.length > 0);
