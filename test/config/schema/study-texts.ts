import { either as E } from 'fp-ts';
import { loadStudy } from '../../../src/config/schema/load-study.ts';
import type { Study } from '../../../src/config/schema/study.ts';
import { formatDataError } from '../../../src/data/data-error.ts';

export const TOP = `version: 1
kind: study
data: { kind: mnist-correlation }
stage-2: { network: { kind: small-cnn }, training: { steps: 4 } }
`;

export const ERM = 'methods: { erm: { method: { kind: erm } } }\n';

export const CAMEL = 'methods: { camel: { method: { kind: camel } } }\n';

type Texts = Readonly<Record<string, string>>;

export const loaded = (text: string, overrides: readonly string[] = [], others: Texts = {}) => {
  const texts: Texts = { 'study.yaml': text, ...others };
  return loadStudy(
    'study.yaml',
    (file) => Promise.resolve(E.right(Object.hasOwn(texts, file) ? texts[file]! : null)),
    overrides,
  );
};

export async function study(
  text: string,
  overrides: readonly string[] = [],
  others: Texts = {},
): Promise<Study> {
  const read = await loaded(text, overrides, others);
  if (E.isLeft(read)) throw new Error(read.left.map(formatDataError).join('\n'));
  return read.right;
}

export async function faults(text: string, overrides: readonly string[] = [], others: Texts = {}) {
  const read = await loaded(text, overrides, others);
  if (E.isRight(read)) throw new Error('a study that should have been refused');
  return read.left.map(formatDataError);
}
