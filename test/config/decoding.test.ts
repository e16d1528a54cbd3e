import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { describe, expect, it } from 'vitest';
import { dataErrors, decodeJson, json } from '../../src/config/index.ts';

describe('the errors of io-ts', () => {
  it('get paths without the numbers of branches, with those of arrays', () => {
    const codec = t.type({
      list: t.array(
        t.readonly(t.intersection([t.type({ a: t.number }), t.partial({ b: t.tuple([t.number]) })])),
      ),
    });
    const errors = codec.decode({ list: [{ a: 1 }, { a: 'x', b: ['y'] }] });
    if (E.isRight(errors)) throw new Error('expected a fault');
    expect(dataErrors(errors.left, 'file').map(({ where }) => where)).toEqual([
      'file: list[1].a',
      'file: list[1].b[0]',
    ]);
  });
});

it('JSON of ten thousand brackets is refused, and ends no stack', () => {
  const decoded = decodeJson(json, `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 'a.json');
  expect(decoded).toMatchObject({ left: [{ where: 'a.json', expected: 'JSON' }] });
});
