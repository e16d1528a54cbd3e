import { either as E } from 'fp-ts';
import type * as t from 'io-ts';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  experimentFromTexts,
  experimentTemplate,
  StageOneCodec,
  StageTwoCodec,
} from '../../../src/config/index.ts';
import { loadStudy } from '../../../src/config/schema/load-study.ts';
import { descriptionOf } from '../../../src/config/schema/section.ts';
import { StudyCodec } from '../../../src/config/schema/study.ts';
import { formatDataError } from '../../../src/data/data-error.ts';

/** Every single value that a codec reads, by its path; `kind:x` goes into a variant, `-` into a list. */
function leavesOf(codec: t.Mixed, path: readonly string[] = []): Map<string, t.Mixed> {
  const description = descriptionOf(codec);
  const inside = (settings: Readonly<Record<string, { codec: t.Mixed }>>, to: readonly string[]) =>
    Object.entries(settings).flatMap(([key, setting]) => [...leavesOf(setting.codec, [...to, key])]);
  if (description?.of === 'section') return new Map(inside(description.settings, path));
  if (description?.of === 'variants') {
    return new Map(
      Object.entries(description.variants).flatMap(([kind, settings]) => {
        const to = [...path, `kind:${kind}`];
        return [[to.join('.'), codec] as const, ...inside(settings, to)];
      }),
    );
  }
  if (description?.of === 'list' && descriptionOf(description.item) !== undefined) {
    return leavesOf(description.item, [...path, '-']);
  }
  return new Map([[path.join('.'), codec]]);
}

/**
 * Every single value that a template writes, by the same paths, with its comment: the text is read line by line, and the
 * choices that are not taken count as well.
 */
function linesOf(template: string): Map<string, { readonly comment: string; readonly value: unknown }> {
  const found = new Map<string, { comment: string; value: unknown }>();
  const stack: { indent: number; key: string }[] = [];
  let comment = '';
  for (const raw of template.split('\n')) {
    const bare = raw.replaceAll('#| ', '');
    const line = bare.trimStart();
    if (line.startsWith('# ')) {
      comment += ` ${line.slice(2)}`;
      continue;
    }
    if (line === '') {
      comment = '';
      continue;
    }
    // An item's dash stands where its keys would.
    const item = line.startsWith('- ');
    const text = item ? line.slice(2) : line;
    const indent = bare.length - text.length;
    while (stack.length > 0 && stack.at(-1)!.indent >= (item ? indent - 1 : indent)) stack.pop();
    if (item) stack.push({ indent: indent - 1, key: '-' });
    const [, key = '', rest = ''] = /^([A-Za-z0-9_]+):(.*)$/.exec(text) ?? [];
    expect(key, `"${raw}" is a setting`).not.toBe('');
    const path = stack.map((each) => each.key);
    if (key === 'kind' && path.length > 0) {
      // What comes after at this depth belongs to the variant.
      const kind = String(parse(rest));
      stack.push({ indent: indent - 0.5, key: `kind:${kind}` });
      found.set([...path, `kind:${kind}`].join('.'), { comment, value: kind });
    } else {
      if (rest !== '') found.set([...path, key].join('.'), { comment, value: parse(rest) });
      stack.push({ indent, key });
    }
    comment = '';
  }
  return found;
}

const STAGES = [
  ['stage-1', StageOneCodec],
  ['stage-2', StageTwoCodec],
] as const;

describe.each(STAGES)('the template of %s', (stage, codec) => {
  const template = experimentTemplate(stage);
  const lines = linesOf(template);
  const leaves = leavesOf(codec);

  it('has every setting of every variant, and nothing else', () => {
    const lists = [...lines.keys()].filter((path) => ['images.augmentation'].includes(path));
    const written = [...lines.keys()].filter((path) => !lists.includes(path)).sort();
    expect(written).toEqual([...leaves.keys()].sort());
    expect(leaves.size).toBeGreaterThan(80);
  });

  it('explains every one of them, with its range', () => {
    for (const [path, { comment }] of lines) {
      expect(comment.trim().length, path).toBeGreaterThan(10);
      if (!/kind:[^.]*$/.test(path)) expect(comment, path).toMatch(/Range: .+\. (Required\.|Default: .+\.)$/);
    }
  });

  it('writes what the comment says, which the codec takes', () => {
    for (const [path, { comment, value }] of lines) {
      const leaf = leaves.get(path);
      const stated = /Default: (.*)\.$/.exec(comment)?.[1];
      if (stated !== undefined && !/kind:[^.]*$/.test(path)) expect(parse(stated), path).toEqual(value);
      if (leaf === undefined || /kind:[^.]*$/.test(path)) continue;
      expect(E.isRight(leaf.decode(value)), `${path}: ${JSON.stringify(value)}`).toBe(true);
    }
  });

  it('is a configuration that is right', async () => {
    const loaded = await experimentFromTexts('t.yaml', { 't.yaml': template });
    expect(E.isRight(loaded)).toBe(true);
  });

  it('states the defaults that a file without them has', async () => {
    const text = await experimentFromTexts('t.yaml', { 't.yaml': template });
    const minimal = [
      `version: 1\nkind: ${stage}\ndata: { kind: mnist-correlation }`,
      ...(stage === 'stage-2' ? ['network: { kind: small-cnn }', 'method: { kind: erm }'] : []),
    ].join('\n');
    const bare = await experimentFromTexts('m.yaml', { 'm.yaml': minimal });
    if (E.isLeft(text) || E.isLeft(bare)) throw new Error('both are right');
    expect(text.right.experiment).toEqual(bare.right.experiment);
  });
});

describe('the template of a study', () => {
  const template = experimentTemplate('study');
  const load = (text: string) => loadStudy('study.yaml', () => Promise.resolve(E.right(text)));

  it('is a study of three methods that is right', async () => {
    const loaded = await load(template);
    if (E.isLeft(loaded)) throw new Error(loaded.left.map(formatDataError).join('\n'));
    const { stageOne, methods, seeds } = loaded.right;
    expect(stageOne.map(({ name, training }) => [name, training.steps])).toEqual([['stage-1', 450]]);
    expect(methods.map(({ name, training }) => [name, training.steps])).toEqual([
      ['erm', 400],
      ['group-dro', 400],
      ['camel', 400],
    ]);
    expect(seeds).toEqual([0]);
  });

  it('explains every setting of the top, and every data set', () => {
    const description = descriptionOf(StudyCodec);
    if (description?.of !== 'section') throw new Error('a section');
    for (const [key, { meaning, required }] of Object.entries(description.settings)) {
      const [, comment = ''] = new RegExp(`\\n\\n((?:# .*\\n)+)${key}:`).exec(template) ?? [];
      const said = comment.replace(/\s*# /g, ' ').trim();
      expect(said, key).toContain(meaning);
      expect(said, key).toMatch(required ? /Required\.$/ : /Default: .+\.$/);
    }
    for (const kind of ['mnist', 'waterbirds', 'celeba', 'folder'])
      expect(template).toContain(`\n#|   kind: ${kind}\n`);
  });

  it('states the defaults that a study without them has', async () => {
    const left = template.replace(/^(name|backend|seeds|labels):.*\n/gm, '');
    expect(left.length).toBeLessThan(template.length - 40);
    expect(await load(left)).toEqual(await load(template));
  });
});

/** A file with one variant and nothing of it but its kind, and where in the template that variant is written. */
const VARIANTS = STAGES.flatMap(([stage, codec]) =>
  [...leavesOf(codec).keys()]
    .filter((path) => /kind:[^.]*$/.test(path) && !path.includes('.-.') && !path.includes('.translations.'))
    .filter((path) => !/kind:(folder|file|camel)$/.test(path) && !path.includes('kind:camel.'))
    .map((path) => [stage, path] as const),
);

/** What variants of stage 1 need beside them: a second subgroup, or batches whose classes are known. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'data.kind=mnist': ['data.corruption=zigzag'],
  'training.stopEarly.kind=satisfied': ['gate.kind=strict'],
  'training.scarce.kind=mixed': ['training.balanced=true', 'training.batchSize=6', 'pool.capacity=0'],
};

it.each(VARIANTS)('%s: the defaults of %s are those that the template states', async (stage, path) => {
  const sets = path
    .split('.')
    .reduce<{ keys: string[]; sets: string[] }>(
      ({ keys, sets: before }, part) =>
        part.startsWith('kind:')
          ? { keys, sets: [...before, `${[...keys, 'kind'].join('.')}=${part.slice(5)}`] }
          : { keys: [...keys, part], sets: before },
      { keys: [], sets: [] },
    ).sets;
  const overrides = [...sets, ...sets.flatMap((set) => (stage === 'stage-1' && NEEDED[set]) || [])];
  const needed = stage === 'stage-2' ? 'network: { kind: small-cnn }\nmethod: { kind: erm }' : '';
  const text = `version: 1\nkind: ${stage}\ndata: { kind: waterbirds }\n${needed}`;
  const loaded = await experimentFromTexts('a.yaml', { 'a.yaml': text }, { overrides });
  if (E.isLeft(loaded)) throw new Error(JSON.stringify(loaded.left));
  const at = (keys: readonly string[]): unknown =>
    keys
      .filter((key) => !key.startsWith('kind:'))
      .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], loaded.right.experiment);
  const stated = [...linesOf(experimentTemplate(stage))].filter(
    ([name]) => name.startsWith(`${path}.`) && !name.slice(path.length + 1).includes('kind:'),
  );
  for (const [name, { value }] of stated) {
    if (overrides.some((each) => each.startsWith(`${name.replace(/kind:[^.]*\./g, '')}=`))) continue;
    expect(at(name.split('.')), name).toEqual(value);
  }
});
