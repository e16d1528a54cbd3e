import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import { formatDataError } from '../../../src/data/data-error.ts';
import { ERM, faults, right } from './loaded-texts.ts';

describe('roots', () => {
  it('are put in, also into lists of sources, and only at the start of a path', async () => {
    const text = ERM.replace(
      'erm }',
      "camel, translations: { sources: [{ from: { kind: run, path: '${RUNS}/a' } }] } }",
    );
    const loaded = await right(text);
    expect(loaded.roots).toEqual(['DATA', 'RUNS']);
    const resolved = loaded.resolve({ DATA: '/d/', RUNS: '/r$&' });
    if (E.isLeft(resolved)) throw new Error(resolved.left[0]!.found);
    expect(resolved.right).toMatchObject({
      data: { root: '/d/waterbirds' },
      method: { translations: { sources: [{ from: { path: '/r$&/a' } }] } },
    });
  });

  it('that are not given are named with their cure', async () => {
    const resolved = (await right(ERM)).resolve({ DATE: '/d', DATA: '' });
    if (E.isRight(resolved)) throw new Error('expected a fault');
    expect(resolved.left.map(formatDataError)).toEqual([
      'a.yaml:3:7: data.root: expected the root DATA to be given, found none for "${DATA}/waterbirds", did you mean "DATE"?; set the environment variable DATA, or give --root DATA=FOLDER',
    ]);
  });

  it.each(['/home/me', '~/x', 'C:/x', 'x/${DATA}', '${data}/x', '${DATA}x', '', '\\\\server\\x', '"a\\0b"'])(
    'a path such as %s is refused in a file',
    async (path) => {
      const value = path.startsWith('"') ? path : `'${path}'`;
      const lines = await faults(ERM.replace('waterbirds', `waterbirds, root: ${value}`));
      expect(lines[0]).toContain('a.yaml:3:33: data.root: expected a path relative to the working folder');
    },
  );
});
