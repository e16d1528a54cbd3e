/** Reading the text of a page in tests. */

/** What is wrong with a page that should be well-formed XML but for its first line; empty if nothing. */
export function faults(page: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  const body = page.replace(/^<!DOCTYPE html>/, '').replace(/<style>[\s\S]*?<\/style>/, '');
  const tag = /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/y;
  for (let at = 0; at < body.length;) {
    const next = body.indexOf('<', at);
    const text = body.slice(at, next < 0 ? body.length : next);
    if (/&(?!(amp|lt|gt|quot|#39);)/.test(text) || text.includes('>'))
      found.push(`bare character in '${text}'`);
    if (next < 0) break;
    tag.lastIndex = next;
    const match = tag.exec(body);
    if (!match) return [...found, `no tag: ${body.slice(next, next + 80)}`];
    const [whole, closing, name, attributes, empty] = match;
    const names = Array.from(attributes!.matchAll(/([\w:-]+)="/g), ([, attribute]) => attribute);
    if (new Set(names).size !== names.length) found.push(`twice the same attribute: ${whole}`);
    if (/&(?!(amp|lt|gt|quot|#39);)/.test(attributes!)) found.push(`bare & in ${whole}`);
    if (closing && open.pop() !== name) found.push(`closed out of order: ${whole}`);
    if (!closing && !empty) open.push(name!);
    at = next + whole.length;
  }
  return open.length > 0 ? [...found, `left open: ${open.join(' ')}`] : found;
}

export const visibleText = (page: string): string =>
  page
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
export const exactNumbers = (page: string): Set<number> =>
  new Set(Array.from(page.matchAll(/<data value="([^"]*)">/g), ([, value]) => Number(value)));

/** With ordinary spaces before the percent signs. */
export const plain = (text: string): string => text.replaceAll('\u202f', ' ');
