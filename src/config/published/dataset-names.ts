/**
 * The published names of data sets, whose parts are positional:
 *
 * - `mnist_correlation_yz/<corruption>/<y>/<z>/<size>/<test size>/<label>`, a group;
 * - `mnist_correlation_partial/<corruption>/<z>/<size>/<label>`, a subgroup with both classes alike;
 * - `mnist_correlation/<corruption>/<p>/<size>/<label>`, all groups, with a share p of z = y in each class;
 * - `waterbirds/<y>/<z>/<label>` and `celeb_a_128/<y attribute>/<z attribute>/1.0/<y>/<z>/<label>[/<n>]`, where −1 is all
 *   and n cuts group (0, 0);
 * - `mnist`, `mnist_corrupted/<corruption>`.
 */
import { CELEBA_ATTRIBUTES, type CelebaAttribute } from '../schema/celeba-attributes.ts';
import { didYouMean } from '../did-you-mean.ts';
import { refuseSetting } from './published-refusal.ts';

/** A corruption that there is. */
export type Corruption = 'zigzag' | 'dottedLine';

interface Part {
  /** Class, −1 for all. */
  readonly y: number;
  /** Subgroup, −1 for all. */
  readonly z: number;
}

/** What a published name says. */
export type PublishedName = Part &
  (
    | {
        readonly family: 'mnist-correlation';
        readonly corruption: Corruption;
        /** Training and validation images together. */
        readonly size: number;
        /** Share of z = y, in the form that has all groups. */
        readonly probability: number | null;
        /** Test images, −1 for all. */
        readonly testSize: number;
        readonly label: 'y' | 'z';
      }
    | { readonly family: 'mnist'; readonly corruption: Corruption | null }
    | { readonly family: 'waterbirds'; readonly label: 'y' | 'z' }
    | {
        readonly family: 'celeba';
        readonly attributes: { readonly y: CelebaAttribute; readonly z: CelebaAttribute };
        readonly kept: number | null;
        readonly label: 'y' | 'z';
      }
  );

const SHAPES: Readonly<Record<string, string>> = {
  mnist_correlation_yz: 'mnist_correlation_yz/<corruption>/<y>/<z>/<size>/<test size>/<label>',
  mnist_correlation_partial: 'mnist_correlation_partial/<corruption>/<z>/<size>/<label>',
  mnist_correlation: 'mnist_correlation/<corruption>/<p>/<size>/<label>',
  mnist: 'mnist',
  mnist_corrupted: 'mnist_corrupted/<corruption>',
  waterbirds: 'waterbirds/<y>/<z>/<label>',
  celeb_a_128: 'celeb_a_128/<y attribute>/<z attribute>/1.0/<y>/<z>/<label>[/<n>]',
};

const FAMILIES = Object.keys(SHAPES);

/**
 * Reads a published name.
 *
 * @param name As a configuration writes it.
 * @param key The setting that holds it, for errors.
 */
export function publishedName(name: string, key: string): PublishedName {
  const [family = '', ...parts] = name.split('/');
  const shape = SHAPES[FAMILIES.find((each) => each === family) ?? ''];
  if (shape === undefined) {
    return refuseSetting(
      key,
      `a data set of ${FAMILIES.join(', ')}${didYouMean(family, FAMILIES)}`,
      `"${name}"`,
    );
  }
  const most = shape.split('/').length - 1;
  const least = family === 'celeb_a_128' ? most - 1 : most;
  if (parts.length < least || parts.length > most) refuseSetting(key, shape, `"${name}"`);

  const whole = (text: string | undefined, lowest: number, highest: number, what: string): number => {
    const number = /^-?\d+$/.test(text ?? '') ? Number(text) : Number.NaN;
    return number >= lowest && number <= highest
      ? number
      : refuseSetting(key, `${what} in ${shape}`, `"${text}" in "${name}"`);
  };
  const index = (text: string | undefined, lowest: -1 | 0, what: string) =>
    whole(text, lowest, 1, lowest === 0 ? `${what} 0 or 1` : `${what} 0, 1, or -1 for both`);
  const size = (text: string | undefined) => whole(text, 1, 1e9, 'a size above 0');
  const corruptionOf = (text: string | undefined): Corruption =>
    text === 'zigzag'
      ? 'zigzag'
      : text === 'dotted_line'
        ? 'dottedLine'
        : refuseSetting(key, 'a corruption, zigzag or dotted_line', `"${text}" in "${name}"`);
  const labelOf = (text: string | undefined): 'y' | 'z' =>
    text === 'y' || text === 'z' ? text : refuseSetting(key, 'a label, y or z', `"${text}" in "${name}"`);

  switch (family) {
    case 'mnist_correlation_yz':
      return {
        family: 'mnist-correlation',
        corruption: corruptionOf(parts[0]),
        y: index(parts[1], 0, 'a class'),
        z: index(parts[2], 0, 'a subgroup'),
        size: size(parts[3]),
        testSize: whole(parts[4], -1, 1e9, 'a test size, or -1 for all'),
        label: labelOf(parts[5]),
        probability: null,
      };
    case 'mnist_correlation_partial':
    case 'mnist_correlation': {
      const partial = family === 'mnist_correlation_partial';
      const images = size(parts[2]);
      if (images % 2 !== 0) refuseSetting(key, 'an even size, half of it of each class', `"${name}"`);
      const share = Number(parts[1]);
      if (!partial && !(parts[1] !== '' && share >= 0 && share <= 1)) {
        refuseSetting(key, 'a probability from 0 to 1', `"${parts[1]}" in "${name}"`);
      }
      return {
        family: 'mnist-correlation',
        corruption: corruptionOf(parts[0]),
        y: -1,
        z: partial ? index(parts[1], 0, 'a subgroup') : -1,
        size: images,
        testSize: -1,
        label: labelOf(parts[3]),
        probability: partial ? null : share,
      };
    }
    case 'waterbirds':
      return {
        family: 'waterbirds',
        y: index(parts[0], -1, 'a class'),
        z: index(parts[1], -1, 'a subgroup'),
        label: labelOf(parts[2]),
      };
    case 'celeb_a_128': {
      const attribute = (text: string | undefined): CelebaAttribute =>
        CELEBA_ATTRIBUTES.find((each) => each === text) ??
        refuseSetting(
          key,
          `an attribute of CelebA${didYouMean(text ?? '', CELEBA_ATTRIBUTES)}`,
          `"${text}" in "${name}"`,
        );
      if (Number(parts[2]) !== 1)
        refuseSetting(key, 'a share of 1.0, the only one there is', `"${parts[2]}" in "${name}"`);
      return {
        family: 'celeba',
        attributes: { y: attribute(parts[0]), z: attribute(parts[1]) },
        y: index(parts[3], -1, 'a class'),
        z: index(parts[4], -1, 'a subgroup'),
        label: labelOf(parts[5]),
        kept: parts[6] === undefined ? null : size(parts[6]),
      };
    }
    case 'mnist_corrupted':
      return { family: 'mnist', corruption: corruptionOf(parts[0]), y: -1, z: 1 };
    default:
      return { family: 'mnist', corruption: null, y: -1, z: 0 };
  }
}

/** What a published modifier does to a data set, e.g. `class:7/shuffle:20000,1/take:-1`. */
export interface PublishedModifier {
  /** The class that is picked; null for all. */
  readonly class: number | null;
  /** Images that are taken; null for all. */
  readonly take: number | null;
  /** Whether they are shuffled, which says which ones are taken. */
  readonly shuffled: boolean;
}

/**
 * Reads a published modifier.
 *
 * @param modifier As a configuration writes it.
 * @param key The setting that holds it, for errors.
 */
export function publishedModifier(modifier: string, key: string): PublishedModifier {
  const parts = modifier === '' ? [] : modifier.split('/');
  return parts.reduce<PublishedModifier>(
    (before, part) => {
      const [command = '', argument = ''] = part.split(':');
      if (command === 'shuffle' && /^\d+(,\d+)?$/.test(argument)) return { ...before, shuffled: true };
      if (command === 'class' && /^\d$/.test(argument)) return { ...before, class: Number(argument) };
      if (command === 'take' && argument === '-1') return before;
      if (command === 'take' && /^[1-9]\d{0,8}$/.test(argument)) {
        return { ...before, take: Math.min(before.take ?? Infinity, Number(argument)) };
      }
      return refuseSetting(key, 'class:N, shuffle:N,SEED or take:N, with / between them', `"${part}"`);
    },
    { class: null, take: null, shuffled: false },
  );
}
