/** The groups of a data set as its settings say them: classes y times subgroups z, in the order of y and then z. */
import type { DataSettings } from './data-settings.ts';

/** One group. */
export interface DataGroup {
  /** As files write it, e.g. `y0z1`. */
  readonly key: string;
  /** As reports write it, e.g. `(Y=0)(Z=1)`. */
  readonly name: string;
  readonly y: number;
  readonly z: number;
}

/** How many classes and subgroups there are. */
export function groupGrid(data: DataSettings): { readonly classes: number; readonly subgroups: number } {
  switch (data.kind) {
    case 'folder':
      return { classes: data.classes.length, subgroups: data.subgroups.length };
    case 'mnist':
      return { classes: 10, subgroups: data.corruption === 'none' ? 1 : 2 };
    default:
      return { classes: 2, subgroups: 2 };
  }
}

/**
 * The groups of a data set.
 *
 * @param data Decoded settings.
 * @returns Class after class, subgroup after subgroup.
 */
export function dataGroups(data: DataSettings): readonly DataGroup[] {
  const { classes, subgroups } = groupGrid(data);
  return Array.from({ length: classes * subgroups }, (_, i) => {
    const [y, z] = [Math.floor(i / subgroups), i % subgroups];
    return { key: `y${y}z${z}`, name: `(Y=${y})(Z=${z})`, y, z };
  });
}

/** `[height, width, channels]` of the images as the networks see them. */
export function imageShapeOf(data: DataSettings): readonly [number, number, number] {
  switch (data.kind) {
    case 'folder':
      return [data.image.height, data.image.width, data.image.channels];
    case 'waterbirds':
    case 'celeba':
      return [data.size, data.size, 3];
    default:
      return [28, 28, 1];
  }
}
