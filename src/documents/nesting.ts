/**
 * How deep a YAML text may nest, seen before it is parsed: the parser recurses, takes time by the square of the depth,
 * and with tens of thousands of nested list dashes on a line ends the whole process for want of memory.
 */

const MOST_OPEN = 64;
const MOST_INDICATORS = 32;
const MOST_INDENTATION = 200;
/** Keys of one line outside of brackets, each in the value of the one before. */
const MOST_KEYS = 64;

/**
 * The first line (1, 2, …) that nests deeper than any configuration: by brackets that stay open, by dashes, question
 * marks or colons at its start, by keys in keys, or by its indentation; null if there is none. Brackets in quotes and comments count as
 * well, which no configuration comes near to.
 *
 * @param text YAML.
 */
export function tooDeepLine(text: string): number | null {
  let line = 1;
  let open = 0;
  let indicators = 0;
  let indentation = 0;
  let keys = 0;
  let leading = true;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (letter === '\n') {
      line++;
      [indicators, indentation, keys, leading] = [0, 0, 0, true];
      continue;
    }
    if (leading) {
      if (letter === ' ' || letter === '\t') indentation++;
      else if (letter === '-' || letter === '?' || letter === ':') indicators++;
      else leading = false;
    }
    if (open === 0 && (letter === ':' || letter === '?') && /\s/.test(text[i + 1] ?? ' ')) keys++;
    if (letter === '[' || letter === '{') open++;
    else if ((letter === ']' || letter === '}') && open > 0) open--;
    const isDeep = open > MOST_OPEN || indicators > MOST_INDICATORS || keys > MOST_KEYS;
    if (isDeep || indentation > MOST_INDENTATION) return line;
  }
  return null;
}
