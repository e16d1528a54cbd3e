import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseDocument, plainValue } from '../../src/documents/document.ts';
import { ERM, faults } from '../config/schema/loaded-texts.ts';

describe('bad input is one line for each fault, never a stack trace', () => {
  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x, x]',
    ...Array.from(
      'bcdefgh',
      (key, i) => `${key}: &${key} [${Array(10).fill(`*${'abcdefgh'[i]}`).join(', ')}]`,
    ),
  ].join('\n');

  it.each([
    ['an alias bomb', bomb, /expected at most 100 aliases, found more|expected at most 20000 values/],
    ['an alias to what holds it', 'a: &a [*a]', /expected at most 32 levels|expected YAML/],
    ['deep nesting', `x: ${'['.repeat(100)}${']'.repeat(100)}`, /expected at most 32 levels/],
    [
      'open brackets without end',
      `x: ${'['.repeat(60_000)}`,
      /^a\.yaml:1:1: expected at most 32 levels, found more/,
    ],
    ['dashes without end', `x: 1\n${'- '.repeat(30_000)}`, /^a\.yaml:2:1: expected at most 32 levels/],
    ['question marks without end', '? '.repeat(30_000), /expected at most 32 levels/],
    [
      'deep indentation',
      Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      /^a\.yaml:202:1: expected at most 32 levels/,
    ],
    [
      'keys without end',
      Array.from({ length: 5000 }, (_, i) => `k${i}: 1`).join('\n'),
      /version: expected version 1/,
    ],
    ['lists without end', `a: [${'[],'.repeat(20_500)}]`, /expected at most 20000 values/],
    ['properties without end', 'x: ' + '&a '.repeat(20_000), /expected YAML/],
    [
      'a key __proto__',
      `${ERM}\n__proto__: { seed: 5 }`,
      /^a\.yaml:6:1: expected the name of a setting, found "__proto__"; remove it/,
    ],
    ['a nested key __proto__', `${ERM}\ntraining: { "__proto__": 1 }`, /^a\.yaml:6:13: /],
    ['a key constructor', `${ERM}\nconstructor: 1`, /unknown key "constructor"/],
    [
      'a merge key',
      `base: &base { seed: 1 }\n${ERM}\ntraining:\n  <<: *base`,
      /^a\.yaml:8:3: expected the name of a setting, found the merge key "<<", which YAML 1\.2 does not have; .*extends/,
    ],
    ['a key << in quotes, which is a name', `${ERM}\n"<<": 1`, /^a\.yaml:6:1: .*unknown key "<<"/],
    [
      'duplicate keys',
      `${ERM}\nseed: 1\nseed: 2`,
      /^a\.yaml:7:1: expected every key once, found "seed" again/,
    ],
    [
      'a wrong type',
      ERM.replace('{ kind: waterbirds }', '[waterbirds]'),
      /^a\.yaml:3:7: data: expected a map with a kind/,
    ],
    [
      'an unknown version',
      ERM.replace('version: 1', 'version: 2'),
      /^a\.yaml:1:10: version: expected version 1 of the schema, found 2; use the release/,
    ],
    [
      'no version',
      ERM.replace('version: 1', ''),
      /version: expected version 1 of the schema, found nothing; write "version: 1"/,
    ],
    [
      'an unknown stage',
      ERM.replace('stage-2', 'stage-3'),
      /kind: expected one of "stage-1", "stage-2", did you mean "stage-1"\?, found "stage-3"/,
    ],
    [
      'a huge file',
      `${ERM}\n#${'x'.repeat(64_001)}`,
      /expected a configuration of at most 64000 characters, found 641\d\d/,
    ],
    ['nothing', '', /expected settings, each on a line "name: value", found nothing/],
    ['a list', '- 1', /found a list/],
    ['two documents', `${ERM}\n---\nx: 1`, /expected YAML, found Source contains multiple documents/],
    ['broken YAML', 'a: [1, 2', /^a\.yaml:1:\d+: expected YAML/],
    ['a tag', 'a: !!python/object x', /expected YAML, found Unresolved tag/],
    [
      'NaN',
      `${ERM}\ntraining: { weightDecay: .nan }`,
      /training\.weightDecay: expected a number of 0 or more, found NaN/,
    ],
    ['infinity', `${ERM}\ntraining: { weightDecay: .inf }`, /expected a number of 0 or more, found Infinity/],
    ['a seed that no number holds', `${ERM}\nseed: 99999999999999999999`, /seed: expected an integer/],
    ['tabs', 'a:\n\tb: 1', /expected YAML/],
  ])('%s', async (_, text, expected) => {
    const before = performance.now();
    expect((await faults(text))[0]).toMatch(expected);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it.each([
    ['a key', `${ERM}\n"a\\nb\\e[31m": 1`],
    ['a long key', `${ERM}\n${'x'.repeat(900)}: 1`],
    ['a file', 'extends: "a\\nb"'],
    ['a way out', 'extends: "../a\\rb"'],
    ['a published name', 'prefix: robust\ntrain_datasets: ["mnist\\n\\e[2J"]'],
    ['a value', `${ERM}\nname: "\\u202e\\nb"`],
  ])('%s of several lines, or that steers a terminal, stays a line', async (_, text) => {
    const line = (await faults(text))[0]!;
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(line.length).toBeLessThan(1500);
  });

  it('leaves prototypes alone', async () => {
    await faults(`${ERM}\n"__proto__": { polluted: true }`);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('a name that an object has by birth is no kind', async () => {
    expect((await faults(ERM.replace('kind: erm', 'kind: toString')))[0]).toContain(
      'method.kind: expected one of',
    );
    expect((await faults(ERM.replace('stage-2', 'toString')))[0]).toContain('kind: expected one of');
  });

  it('a mapped run id is refused where no run ids are', async () => {
    const lines = await faults(ERM, { stage1: { x: { kind: 'run', path: 'y' } } });
    expect(lines[0]).toContain('--stage1 x: expected a published configuration');
  });
});

it('a document is what YAML says, or one fault, never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json({ maxDepth: 4 }), fc.string({ maxLength: 60 })), (text) => {
      const parsed = parseDocument(text, 'a.yaml');
      if (E.isLeft(parsed)) expect(parsed.left.where).toMatch(/^a\.yaml(:\d+:\d+)?$/);
      else if (/^[[{]/.test(text)) expect(plainValue(parsed.right)).toEqual(JSON.parse(text));
    }),
    { numRuns: 500, seed: 6 },
  );
});
