/**
 * HTML in which a string can only ever be text: whatever is put into an `html` template is escaped, unless it is
 * itself the result of one. Elements are written the XML way, so that a page can be checked for well-formedness.
 */

/** Text that is already HTML. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template; null, undefined and false are left out. */
export type MarkupPart = string | number | null | undefined | false | Markup | readonly MarkupPart[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The text with whatever HTML would read as markup written as an entity, and what no document may hold as U+FFFD. */
export function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!)
    .replace(/\p{Cc}|\p{Cs}/gu, (character) => (/[\t\n\r]/.test(character) ? character : '\ufffd'));
}

function render(part: MarkupPart): string {
  if (part === null || part === undefined || part === false) return '';
  if (typeof part === 'string') return escapeText(part);
  if (typeof part === 'number') return String(part);
  if ('markup' in part) return part.markup;
  return part.map(render).join('');
}

/** A template whose values are escaped. Values inside a tag must stand between double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  return { markup: strings.reduce((text, string, i) => text + render(parts[i - 1]) + string) };
}
