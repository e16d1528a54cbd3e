import { describe, expect, it } from 'vitest';
import { ERM, faults, right } from './loaded-texts.ts';

describe('a file of ours', () => {
  it('takes every default that it leaves out', async () => {
    const { experiment, roots, notices } = await right(ERM);
    expect(experiment).toMatchObject({
      name: 'experiment',
      seed: 0,
      training: { epochs: 100, batchSize: 16, steps: null },
      method: { kind: 'erm', sampling: 'natural' },
      data: { kind: 'waterbirds', root: '${DATA}/waterbirds', size: 224, limits: {} },
    });
    expect(roots).toEqual(['DATA']);
    expect(notices).toEqual([]);
  });

  it('cannot say what a method does not do', async () => {
    expect(await faults(`${ERM.replace('erm }', 'erm, consistency: { weight: 5 } }')}`)).toEqual([
      'a.yaml:5:22: method.consistency: expected no such key, found unknown key "consistency"; remove or rename it',
    ]);
    expect(await faults(`${ERM.replace('erm }', 'group-dro, lambda: 5 }')}`)).toHaveLength(1);
    expect(await faults(`${ERM}\ninvariance: { kind: none, weight: 3 }`)).toHaveLength(1);
  });

  it('names the line and column of every fault at once, in their order, with what was nearly meant', async () => {
    const text = ERM.replace('resnet50', 'resnet5').replace('waterbirds', 'waterbirds, sise: 3, size: -1');
    expect(await faults(`${text}\ntraning: { epochs: 3 }\noptimizer: { kind: sgd, momentum: big }`)).toEqual([
      'a.yaml:3:27: data.sise: expected no such key, found unknown key "sise", did you mean "size"?; remove or rename it',
      'a.yaml:3:42: data.size: expected an integer above 0, found -1; correct it',
      'a.yaml:4:18: network.kind: expected one of "small-cnn", "multilayer-perceptron", "resnet50", did you mean "resnet50"?, found "resnet5"; correct it',
      'a.yaml:6:1: traning: expected no such key, found unknown key "traning", did you mean "training"?; remove or rename it',
      'a.yaml:7:35: optimizer.momentum: expected a number from 0 to below 1, found "big"; correct it',
    ]);
  });

  it('needs the settings that have no default', async () => {
    const lines = await faults(
      'version: 1\nkind: stage-2\ndata: { kind: folder, root: x, classes: [a, b], image: {} }',
    );
    expect(lines.map((line) => /: ([a-z.]+): expected/i.exec(line)?.[1])).toEqual([
      'network',
      'method',
      'data.subgroups',
      'data.image.height',
      'data.image.width',
    ]);
  });

  it('reads cells of a table whether they look like numbers or not', async () => {
    const data =
      'data: { kind: folder, root: x, classes: [0, 1], subgroups: [no, yes], image: { height: 8, width: 8 } }';
    const { experiment } = await right(ERM.replace('data: { kind: waterbirds }', data));
    expect(experiment.data).toMatchObject({ classes: ['0', '1'], subgroups: ['no', 'yes'] });
  });

  it.each([
    ['classes: [true, b]', 'data.classes[0]', 'write it in quotes as the table has it: "true" or "True"'],
    ['classes: [a, False]', 'data.classes[1]', 'write it in quotes as the table has it: "false" or "False"'],
    ['classes: [a, null]', 'data.classes[1]', '"null" for instance, or "" for an empty cell'],
    ['leaveOut: { sex: true }', 'data.leaveOut.sex[0]', '"true" or "True"'],
    ['splits: { train: [yes, true] }', 'data.splits.train[1]', '"true" or "True"'],
  ])('says of %s how a cell of a table is written', async (setting, key, cure) => {
    const folder = `kind: folder, root: x, subgroups: [c, d], image: { height: 8, width: 8 }`;
    const classes = setting.startsWith('classes') ? '' : 'classes: [a, b], ';
    const data = `data: { ${folder}, ${classes}${setting} }`;
    const lines = await faults(ERM.replace('data: { kind: waterbirds }', data));
    expect(lines).toEqual([expect.stringContaining(`${key}: expected text or a number, found `)]);
    expect(lines[0]).toContain(cure);
  });

  it.each([
    ['$DATA/birds', '${DATA}/birds'],
    ['$data/birds', '${DATA}/birds'],
    ['${data}/birds', '${DATA}/birds'],
    ['$DATA', '${DATA}'],
  ])('says how the root of %s is written', async (written, right) => {
    const text = ERM.replace('kind: waterbirds', `kind: waterbirds, root: "${written}"`);
    expect(await faults(text)).toEqual([
      `a.yaml:3:33: data.root: expected a path relative to the working folder, or one that begins with a root such as \${DATA}, found "${written}"; write ${right}`,
    ]);
  });

  it('takes a dollar elsewhere for a part of a name', async () => {
    const { experiment } = await right(ERM.replace('kind: waterbirds', 'kind: waterbirds, root: a/$DATA'));
    expect(experiment.data).toMatchObject({ root: 'a/$DATA' });
  });

  it('reads one name of a split as a list of one, and says what a list looks like', async () => {
    const withSplits = (splits: string): string =>
      ERM.replace(
        'data: { kind: waterbirds }',
        `data: { kind: folder, root: x, splits: { ${splits} }, classes: [a, b], subgroups: [c, d], image: { height: 8, width: 8 } }`,
      );
    const { experiment } = await right(withSplits("train: 1, validation: '2', test: ['3', 4]"));
    expect(experiment.data).toMatchObject({ splits: { train: ['1'], validation: ['2'], test: ['3', '4'] } });
    expect(await faults(withSplits('train: [], test: { a: 1 }'))).toEqual([
      expect.stringContaining(
        'data.splits.train: expected a list of values, each once, e.g. [tr], or one value, found []',
      ),
      expect.stringContaining(
        'data.splits.test: expected a list of values, each once, e.g. [te], or one value',
      ),
    ]);
  });

  it('reads values to leave out by column, one or a list, and requires training images alone', async () => {
    const withLeaveOut = (leaveOut: string): string =>
      ERM.replace(
        'data: { kind: waterbirds }',
        `data: { kind: folder, root: x, leaveOut: ${leaveOut}, classes: [a, b], subgroups: [c, d], image: { height: 8, width: 8 } }`,
      );
    const { experiment } = await right(withLeaveOut('{ diagnosis: [bkl, ""], site no: 3 }'));
    expect(experiment.data).toMatchObject({
      leaveOut: { diagnosis: ['bkl', ''], 'site no': ['3'] },
      required: ['train'],
    });
    expect(await faults(withLeaveOut('{ sex: [], site: [1, "1.0"] }'))).toEqual([
      expect.stringContaining('data.leaveOut.sex: expected a list of values, each once'),
      expect.stringContaining('data.leaveOut.site: expected a list of values, each once'),
    ]);
    expect(await faults(withLeaveOut('[bkl]'))).toEqual([
      expect.stringContaining(
        'data.leaveOut: expected values by column, e.g. { sex: [unknown, ""], site: 3 }',
      ),
    ]);
  });

  it('of variants, takes the kind of the default where only a setting of it is changed', async () => {
    const { experiment } = await right(`${ERM}\noptimizer: { learningRate: 0.5 }`);
    expect(experiment.optimizer).toMatchObject({ kind: 'sgd', learningRate: 0.5, momentum: 0.9 });
  });
});
