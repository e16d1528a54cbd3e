import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchWeights, type WeightMapping } from '../../src/weights/match-weights.ts';
import { elementCount, type StoredWeight } from '../../src/weights/stored-weight.ts';

const stored = (name: string, shape: readonly number[], layer?: string): StoredWeight => ({
  name,
  ...(layer === undefined ? {} : { layer }),
  shape,
  type: 'float32',
  bytes: new Uint8Array(4 * elementCount(shape)),
});

const wanted = (...weights: [name: string, shape: readonly number[]][]) =>
  weights.map(([name, shape]) => ({ name, shape }));

const pairs = (
  weights: ReturnType<typeof wanted>,
  file: readonly StoredWeight[],
  mapping: WeightMapping = 'auto',
): [how: string, ...matches: string[]] => {
  const { mapping: how, matched, unmatched } = matchWeights(weights, file, mapping);
  return [
    how,
    ...matched.map(({ wanted: { name }, stored: { name: from } }) => `${name} <- ${from}`),
    ...unmatched.map(({ wanted: { name }, reason }) => `${name}: ${reason}`),
  ];
};

describe('matching by name', () => {
  const network = wanted(['conv0/kernel', [2]], ['norm/scale', [3]], ['norm/offset', [3]]);

  it('takes the layer that Keras lists a weight under where the session changed the name', () => {
    const file = [stored('conv0_7/kernel:0', [2], 'conv0'), stored('norm/scale:0', [3], 'norm')];
    expect(pairs(network, file)).toEqual([
      'names',
      'conv0/kernel <- conv0_7/kernel:0',
      'norm/scale <- norm/scale:0',
      'norm/offset: absent',
    ]);
  });

  it('takes the innermost layer of nested ones, and gamma and beta for scale and offset', () => {
    const file = [
      stored('outer/conv0/kernel:0', [2], 'block'),
      stored('outer/norm/gamma:0', [3], 'block'),
      stored('outer/norm/beta:0', [3], 'block'),
    ];
    expect(pairs(network, file).slice(1)).toEqual([
      'conv0/kernel <- outer/conv0/kernel:0',
      'norm/scale <- outer/norm/gamma:0',
      'norm/offset <- outer/norm/beta:0',
    ]);
  });

  it('takes none of two that could be meant', () => {
    const file = [stored('a/conv0/kernel', [2]), stored('b/conv0/kernel', [2]), stored('norm/scale', [3])];
    expect(pairs(network, file)).toContain('conv0/kernel: absent');
  });

  it('takes what a function says', () => {
    const file = [stored('first', [2]), stored('second', [4])];
    const rename = (name: string): string | null => (name === 'first' ? 'conv0/kernel' : 'norm/scale');
    expect(pairs(network, file, rename)).toEqual([
      'function',
      'conv0/kernel <- first',
      'norm/scale: shape',
      'norm/offset: absent',
    ]);
  });
});

describe('prefixes of names', () => {
  const resnet = wanted(['stem_conv/kernel', [7, 7, 3, 2]], ['stage1_unit1_bn1/gamma', [2]]);
  const torch = (prefix: string) => [
    stored(`${prefix}conv1.weight`, [2, 3, 7, 7]),
    stored(`${prefix}layer1.0.bn1.weight`, [2]),
    stored(`${prefix}layer1.0.conv1.weight`, [2, 2, 1, 1]),
  ];

  it.each(['module.', 'model.', 'backbone.', '_orig_mod.', '_orig_mod.module.', 'anything.at.all.'])(
    '%s is taken off, and told',
    (prefix) => {
      const file = torch(prefix);
      const { mapping, matched, unused, prefix: taken } = matchWeights(resnet, file, 'auto');
      expect([mapping, taken, matched.length]).toEqual(['torchvision', prefix, 2]);
      // The report names tensors as the file does.
      expect(matched[0]!.stored).toBe(file[0]);
      expect(unused).toEqual([file[2]]);
      expect(matchWeights(resnet, file, 'torchvision').prefix).toBe(prefix);
    },
  );

  it('is taken off where others stand beside it, if it is that of a wrapper', () => {
    const head = stored('head.weight', [5]);
    const { prefix, matched, unused } = matchWeights(resnet, [...torch('model.backbone.'), head], 'auto');
    expect([prefix, matched.length, unused.includes(head)]).toEqual(['model.backbone.', 2, true]);
    expect(matchWeights(resnet, [...torch('mine.'), head], 'torchvision')).toMatchObject({
      prefix: '',
      matched: [],
    });
  });

  it('stays where names are found as they are', () => {
    const layer = wanted(['fc.weight', [2]], ['fc.bias', [3]]);
    expect(matchWeights(layer, [stored('fc.weight', [2]), stored('fc.bias', [3])], 'names').prefix).toBe('');
    const both = [...torch(''), ...torch('module.')];
    expect(matchWeights(resnet, both, 'auto')).toMatchObject({
      prefix: '',
      matched: [{ stored: both[0] }, {}],
    });
  });

  it('is none of a function and of the order', () => {
    const name = (given: string) => (given === 'module.conv1.weight' ? 'stem_conv/kernel' : null);
    expect(matchWeights(resnet, torch('module.'), name)).toMatchObject({ prefix: '', mapping: 'function' });
    expect(matchWeights(resnet, torch('module.'), 'order').prefix).toBe('');
  });
});

describe('matching by order', () => {
  const network = wanted(['down1_conv/kernel', [2]], ['down1_norm/gamma', [3]], ['down1_norm/beta', [3]]);

  it('goes by order where no name is known, and stops where a kind is another', () => {
    const good = [stored('conv2d_9/kernel:0', [2]), stored('bn_4/gamma:0', [3]), stored('bn_4/beta:0', [3])];
    expect(pairs(network, good)[0]).toBe('order');
    expect(pairs(network, good)).toHaveLength(4);
    const exchanged = [good[0]!, good[2]!, good[1]!];
    expect(pairs(network, exchanged)).toEqual([
      'order',
      'down1_conv/kernel <- conv2d_9/kernel:0',
      'down1_norm/gamma: absent',
      'down1_norm/beta: absent',
    ]);
  });

  it('goes by shape alone where arrays have no names', () => {
    expect(pairs(network, [stored('arr_0', [2]), stored('arr_1', [3]), stored('arr_2', [4])])).toEqual([
      'order',
      'down1_conv/kernel <- arr_0',
      'down1_norm/gamma <- arr_1',
      'down1_norm/beta: shape',
    ]);
  });
});

it('every weight and every tensor is accounted for exactly once', () => {
  const name = fc.constantFrom(
    'a/kernel',
    'a/bias',
    'b/gamma',
    'x/b/beta',
    'fc1/bias',
    '__proto__',
    'toString/b',
    'module.a/kernel',
    'module.model.b/gamma',
  );
  const shape = fc.array(fc.nat(2), { maxLength: 2 });
  const mapping = fc.constantFrom<WeightMapping>(
    'auto',
    'names',
    'classification-models',
    'order',
    'torchvision',
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(name, shape), { selector: ([n]) => n }),
      fc.array(fc.tuple(name, shape)),
      mapping,
      (weights, file, how) => {
        const tensors = file.map(([n, s]) => stored(n, s));
        const { matched, unmatched, unused } = matchWeights(wanted(...weights), tensors, how);
        expect([...matched, ...unmatched].map((w) => w.wanted.name).sort()).toEqual(
          weights.map(([n]) => n).sort(),
        );
        const used = [...matched, ...unmatched].flatMap((w) => (w.stored ? [w.stored] : []));
        expect(new Set([...used, ...unused])).toEqual(new Set(tensors));
        expect(used.length + unused.length).toBe(tensors.length);
      },
    ),
    { seed: 11, numRuns: 300 },
  );
});
