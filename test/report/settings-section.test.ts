import { expect, it } from 'vitest';
import { comparedSettings, flatSettings } from '../../src/report/settings-section.ts';

it('names settings by their paths', () => {
  const settings = {
    data: { root: 'here', sizes: [1, 2] },
    sources: [{ classes: [0] }],
    keep: null,
    none: [],
  };
  expect([...flatSettings(settings)]).toEqual([
    ['data.root', 'here'],
    ['data.sizes', '1, 2'],
    ['sources.0.classes', '0'],
    ['keep', null],
    ['none', 'none'],
  ]);
});
it('says what is shared once, and the rest side by side', () => {
  const { shared, differing } = comparedSettings([
    { name: 'erm', settings: { name: 'erm', version: 1, rate: 0.5, method: { kind: 'erm' } } },
    {
      name: 'camel',
      settings: { name: 'camel', version: 1, rate: 0.5, method: { kind: 'camel', weight: 2 } },
    },
  ]);
  expect(shared).toEqual([['rate', 0.5]]);
  expect(differing).toEqual([
    { path: 'method.kind', values: ['erm', 'camel'] },
    { path: 'method.weight', values: [undefined, 2] },
  ]);
});
