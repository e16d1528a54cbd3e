import { either as E } from 'fp-ts';
import { expect, it } from 'vitest';
import { DataCodec } from '../../../src/config/schema/data-settings.ts';
import { groupLegend } from '../../../src/experiment/images/group-legend.ts';

it.each([
  [{ kind: 'mnist-correlation', corruption: 'dottedLine' }, 'Y: 0 even, 1 odd; Z: 0 clean, 1 dottedLine'],
  [{ kind: 'mnist' }, `Y: ${[...Array(10).keys()].map((d) => `${d} digit ${d}`).join(', ')}; Z: 0 clean`],
  [{ kind: 'waterbirds', label: 'z' }, 'Y: 0 landbird, 1 waterbird; Z: 0 land, 1 water'],
  [{ kind: 'celeba', z: 'Young' }, 'Y: 0 Not Blond_Hair, 1 Blond_Hair; Z: 0 Not Young, 1 Young'],
  [
    {
      kind: 'folder',
      root: 'x',
      image: { height: 8, width: 8 },
      classes: ['cat', 'dog', 'hare'],
      subgroups: ['a', 'b'],
    },
    'Y: 0 cat, 1 dog, 2 hare; Z: 0 a, 1 b',
  ],
])('the groups of %j', (data, legend) => {
  const decoded = DataCodec.decode(data);
  if (E.isLeft(decoded)) throw new Error('the settings of the test are wrong');
  expect(groupLegend(decoded.right)).toBe(legend);
});
