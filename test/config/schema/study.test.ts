/** What a study's text means, and every line that refuses one; the expected values are read off the text. */
import { describe, expect, it } from 'vitest';
import type { Study } from '../../../src/config/schema/study.ts';
import { CAMEL, study, TOP } from './study-texts.ts';

const sourcesOf = ({ methods }: Study, name = 'camel'): unknown => {
  const method = methods.find((each) => each.name === name)!.method;
  return method.kind === 'camel'
    ? method.translations.sources.map(({ classes, from }) => [
        classes,
        from.kind === 'run' ? from.path : from.kind,
      ])
    : [];
};

describe('a study', () => {
  it('has its methods in the order of the file, over what they have in common, for seed 0', async () => {
    const { name, seeds, stageOne, methods } = await study(
      `${TOP}methods:\n  second: { method: { kind: group-dro }, training: { batchSize: 9 } }\n  first: { method: { kind: erm }, training: { epochs: 3 } }\n`,
    );
    expect({ name, seeds, stageOne }).toEqual({ name: 'study', seeds: [0], stageOne: [] });
    expect(methods.map((each) => [each.name, each.kind, each.method.kind])).toEqual([
      ['second', 'stage-2', 'group-dro'],
      ['first', 'stage-2', 'erm'],
    ]);
    expect(methods.map(({ training: { steps, epochs, batchSize } }) => [steps, epochs, batchSize])).toEqual([
      [4, 100, 9],
      [null, 3, 16],
    ]);
  });

  it('has one data set, of which a part may change settings', async () => {
    const files = {
      'erm.yaml':
        'version: 1\nkind: stage-2\nname: x\ndata: { kind: celeba }\nmethod: { kind: erm }\nseed: 7\n',
    };
    const { methods } = await study(
      `${TOP}methods:\n  erm: { extends: erm.yaml }\n  few: { extends: erm.yaml, data: { testImages: 5 } }\n`,
      ['data.corruption=dottedLine'],
      files,
    );
    expect(methods.map(({ name }) => name)).toEqual(['erm', 'few']);
    expect(methods.map(({ seed }) => seed)).toEqual([7, 7]);
    expect(
      methods.map(({ data }) => data.kind === 'mnist-correlation' && [data.corruption, data.testImages]),
    ).toEqual([
      ['dottedLine', null],
      ['dottedLine', 5],
    ]);
  });

  it.each([
    ['', [['all', '${RUNS}/stage-1']]],
    [', translations: stage-1', [['all', '${RUNS}/stage-1']]],
    [', translations: { batchSize: 3 }', [['all', '${RUNS}/stage-1']]],
    [', translations: true', [['all', 'true']]],
    [', translations: identity', [['all', 'identity']]],
    [', translations: { sources: [{ from: { kind: folder, path: "${DATA}/made" } }] }', [['all', 'folder']]],
  ])('CAMEL with {kind: camel%s} takes its translations from %j', async (translations, sources) => {
    const text = `${TOP}stage-1: [{}]\nmethods: { camel: { method: { kind: camel${translations} } } }\n`;
    expect(sourcesOf(await study(text))).toEqual(sources);
  });

  it('translates every class by the experiment of stage 1 that is for it, under the names of the files', async () => {
    const files = { 'zero.yaml': 'kind: stage-1\nname: zeros\ntranslation: { classes: [0] }\n' };
    const text = `${TOP}stage-1: [{ extends: zero.yaml }, { name: ones, translation: { classes: [1] } }]\n${CAMEL}`;
    expect(sourcesOf(await study(text, [], files))).toEqual([
      [[0], '${RUNS}/zeros'],
      [[1], '${RUNS}/ones'],
    ]);
  });

  it('stage-1 takes the place of other sources, and leaves the other settings of translations', async () => {
    const files = {
      'camel.yaml':
        'method: { kind: camel, translations: { batchSize: 128, sources: [{ from: { kind: run, path: "${RUNS}/else" } }] } }\n',
    };
    const text = `${TOP.replace('stage-2: {', 'stage-2: { method: { kind: camel, translations: true },')}stage-1: [{}]
methods:
  bound: {}
  file: { extends: camel.yaml }
  said: { extends: camel.yaml, method: { translations: stage-1 } }
  common: { method: { translations: stage-1 } }
  erm: { method: { kind: erm } }
`;
    const read = await study(text, [], files);
    expect(sourcesOf(read, 'bound')).toEqual([['all', 'true']]);
    for (const name of ['file', 'said', 'common'])
      expect(sourcesOf(read, name), name).toEqual([['all', '${RUNS}/stage-1']]);
    const batches = read.methods.map(
      ({ method }) => method.kind === 'camel' && method.translations.batchSize,
    );
    expect(batches).toEqual([16, 128, 128, 16, false]);
    const option = await study(text, ['methods.bound.method.translations=stage-1'], files);
    expect(sourcesOf(option, 'bound')).toEqual([['all', '${RUNS}/stage-1']]);
  });
});
