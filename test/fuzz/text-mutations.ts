/** Damage to a text: lines and words moved, numbers set to extremes, brackets and quotes repeated a thousand times. */
import type { Draws } from './draws.ts';
import { BYTE_MUTATIONS, type Mutation } from './mutations.ts';

/** A mutation of a text's characters; its bytes need not be UTF-8 beforehand. */
const ofText =
  (mutate: (text: string, draws: Draws, others: readonly string[]) => string): Mutation =>
  (file, draws, others) =>
    new Uint8Array(
      Buffer.from(
        mutate(
          Buffer.from(file).toString('utf8'),
          draws,
          others.map((other) => Buffer.from(other).toString('utf8')),
        ),
      ),
    );

const NUMBERS = [
  ...['0', '-1', '1e308', '1e999', '-0', '0.1', '9007199254740993', '4294967296', '1_000', '0x10', '0o7'],
  ...['NaN', '.inf', 'null', 'true', '""', '[]', '{}', '~', '1e-999', '00', '+5', '-9223372036854775808'],
];

const TOKENS = [
  ...[
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    ':',
    ': ',
    ',',
    '\n',
    '\n  ',
    '\t',
    '#',
    '&a ',
    '*a',
    '- ',
    '? ',
    '|\n',
    '>\n',
  ],
  ...[
    '!!binary ',
    '!!set ',
    '!!js ',
    '<<: ',
    '%YAML 1.1\n',
    '---\n',
    '...\n',
    '__proto__',
    'constructor',
    '\\',
  ],
  ...[
    '\u0000',
    '\ufeff',
    '\ud800',
    '\u2028',
    '\r',
    '\r\n',
    '${',
    '$DATA',
    '../',
    '/etc',
    'extends: ',
    '=',
    '.',
    ';',
  ],
];

/** Replaces one number of a text, or one of its words. */
const replaceNumber = ofText((text, draws) => {
  const found = [...text.matchAll(draws.chance(0.7) ? /-?\d+(?:\.\d+)?/g : /\w+/g)];
  if (found.length === 0) return text;
  const { index, 0: word } = draws.one(found);
  return text.slice(0, index) + draws.one(NUMBERS) + text.slice(index + word.length);
});

const insertTokens = ofText((text, draws) => {
  const at = draws.below(text.length + 1);
  const times = draws.one([1, 1, 2, 40, 500, 20_000]);
  const token = draws.chance(0.7) ? draws.one(TOKENS) : draws.one(TOKENS) + draws.one(TOKENS);
  return text.slice(0, at) + token.repeat(times) + text.slice(at);
});

/** Puts a number into brackets in brackets, which stay balanced. */
const nest = ofText((text, draws) => {
  const found = [...text.matchAll(/-?\d+(?:\.\d+)?/g)];
  if (found.length === 0) return text;
  const { index, 0: word } = draws.one(found);
  const [open, close] = draws.one([
    ['[', ']'],
    ['{"a":', '}'],
    ['{ a: ', ' }'],
  ] as const);
  const times = draws.one([1, 30, 190, 300, 10_000]);
  const nested = open.repeat(times) + word + close.repeat(times);
  return text.slice(0, index) + nested + text.slice(index + word.length);
});

const moveLines = ofText((text, draws) => {
  const lines = text.split('\n');
  const [from, to] = [draws.below(lines.length), draws.below(lines.length)];
  const line = lines[from]!;
  if (draws.chance(0.3)) lines.splice(from, 1);
  if (draws.chance(0.7)) lines.splice(to, 0, draws.chance(0.5) ? line : `  ${line}`);
  return lines.join('\n');
});

const moveWords = ofText((text, draws, others) => {
  const words = draws.one(others).split(/(?<=\W)|(?=\W)/);
  const at = draws.below(text.length + 1);
  const first = draws.below(words.length + 1);
  const word = words.slice(first, first + 1 + draws.below(6)).join('');
  return text.slice(0, at) + word + text.slice(at + (draws.chance(0.5) ? word.length : 0));
});

/** All kinds of damage to a text. */
export const TEXT_MUTATIONS: readonly Mutation[] = [
  ...[
    replaceNumber,
    replaceNumber,
    nest,
    insertTokens,
    insertTokens,
    moveLines,
    moveLines,
    moveWords,
    moveWords,
  ],
  ...BYTE_MUTATIONS.slice(0, 8),
];
