/**
 * JSON text from outside. The parser takes any depth, but what looks at its values recurses: a file of ten thousand
 * brackets would end the stack. No file of this package, or of tfjs, is a tenth as deep as what is read.
 */

const DEEPEST = 200;

/** Whether there are more opening brackets than levels; a few are found without looking at every letter. */
function hasManyBrackets(text: string): boolean {
  let count = 0;
  for (const bracket of ['[', '{'])
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
      if (++count > DEEPEST) return true;
  return false;
}

/** The deepest level of a text's brackets, those in strings left out. */
function depthOf(text: string): number {
  let [depth, deepest, isQuoted] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (isQuoted && letter === '\\') i++;
    else if (letter === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (letter === '[' || letter === '{')) deepest = Math.max(deepest, ++depth);
    else if (!isQuoted && (letter === ']' || letter === '}')) depth--;
  }
  return deepest;
}

/**
 * The value of a JSON text.
 *
 * @param text From outside.
 * @returns Plain data.
 * @throws SyntaxError if the text is no JSON, or nests deeper than 200 levels.
 */
export function jsonValue(text: string): unknown {
  if (hasManyBrackets(text) && depthOf(text) > DEEPEST)
    throw new SyntaxError(`JSON that nests deeper than ${DEEPEST} levels`);
  return JSON.parse(text) as unknown;
}
