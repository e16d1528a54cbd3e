/** Codecs of single values that several sections of a configuration share. */
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { positiveInteger, refine } from '../codecs.ts';
import { curableFailure, isCurable } from '../decoding.ts';

/** `${NAME}` at the start of a path: a root that the environment or the command line gives. */
export const ROOT = /^\$\{([A-Z][A-Z0-9_]*)\}(?=\/|$)/;

const isPortable = (path: string): boolean =>
  path !== '' &&
  !/^([/\\~]|[A-Za-z]:)/.test(path) &&
  ![...path].some((letter) => letter < ' ' || letter === '\u007f') &&
  !path.replace(ROOT, '').includes('${');

const portablePath = refine(
  t.string,
  isPortable,
  'a path relative to the working folder, or one that begins with a root such as ${DATA}',
);

/** A root as a shell would also take it: `$DATA`, `$data`, `${data}`. */
const ALMOST_ROOT = /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))(?=\/|$)/;

/** The path with its root as it should be written, if it is nearly one. */
function asRoot(value: unknown): string | undefined {
  const [whole, braced, plain] = ALMOST_ROOT.exec(String(value)) ?? [];
  const name = (braced ?? plain)?.toUpperCase();
  if (whole === undefined || name === undefined || whole === `\${${name}}`) return undefined;
  const written = String(value).replace(whole, () => `\${${name}}`);
  return ROOT.test(written) ? written : undefined;
}

/** A path that means the same on every machine. Others are brought in by a root. */
export const path: t.Type<string> = new t.Type(
  portablePath.name,
  portablePath.is,
  (value, context) => {
    const written = asRoot(value);
    return written === undefined
      ? portablePath.validate(value, context)
      : curableFailure(value, context, portablePath.name, `write ${written}`);
  },
  t.identity,
);

/** The name of an experiment: it names run folders. */
export const experimentName = refine(
  t.string,
  (name) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name),
  'letters, digits, dots, underscores and hyphens',
);

/** What YAML takes for no text may be written in several ways in a table, of which only its author knows the one. */
const quotedCure = (value: boolean | null): string =>
  value === null
    ? 'write it in quotes as the table has it, "null" for instance, or "" for an empty cell'
    : `write it in quotes as the table has it: "${value}" or "${value ? 'True' : 'False'}"`;

/** A value in a column of a table. YAML reads `0` as a number; a table holds text. */
export const cell: t.Type<string, string> = new t.Type(
  'text or a number',
  t.string.is,
  (value, context) =>
    typeof value === 'string'
      ? t.success(value)
      : typeof value === 'number' && Number.isFinite(value)
        ? t.success(String(value))
        : typeof value === 'boolean' || value === null
          ? curableFailure(value, context, 'text or a number', quotedCure(value))
          : t.failure(value, context),
  t.identity,
);

const groupKey = refine(t.string, (key) => /^y\d{1,3}z\d{1,3}$/.test(key), 'a group such as y0z1');

/** Images of some groups, by `y<class>z<subgroup>`. */
export const groupCounts: t.Type<Readonly<Record<string, number>>> = t.record(
  groupKey,
  positiveInteger,
  'numbers of images by group, e.g. { y0z1: 100 }',
);

/** Entries that are there and differ from each other. */
export const distinct = <A, O>(codec: t.Type<readonly A[], O>, name: string): t.Type<readonly A[], O> =>
  refine(codec, (values) => values.length > 0 && new Set(values).size === values.length, name);

/** A list whose only entry may be written without brackets. */
export const oneOrMore = <A, O>(list: t.Type<readonly A[], O>): t.Type<readonly A[], O> =>
  new t.Type<readonly A[], O>(
    `${list.name}, or one value`,
    list.is,
    (value, context) => {
      const single = typeof value !== 'object' || value === null;
      const decoded = list.validate(single ? [value] : value, context);
      return E.isRight(decoded) || decoded.left.some(isCurable) ? decoded : t.failure(value, context);
    },
    list.encode,
  );
