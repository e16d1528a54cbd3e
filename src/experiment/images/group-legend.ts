/** What the numbers in the names of groups stand for: (Y=1)(Z=0) says no more than that there is a class 1. */
import type { DataSettings } from '../../config/schema/data-settings.ts';
import { WATERBIRDS_CLASSES, WATERBIRDS_SUBGROUPS } from '../../data/waterbirds.ts';

/** What the classes (Y) and subgroups (Z) of data are called, in their order. */
export function classAndSubgroupNames(data: DataSettings): {
  readonly Y: readonly string[];
  readonly Z: readonly string[];
} {
  switch (data.kind) {
    case 'mnist-correlation':
      return { Y: ['even', 'odd'], Z: ['clean', data.corruption] };
    case 'mnist':
      return {
        Y: Array.from({ length: 10 }, (_, digit) => `digit ${digit}`),
        Z: data.corruption === 'none' ? ['clean'] : ['clean', data.corruption],
      };
    case 'waterbirds':
      return { Y: WATERBIRDS_CLASSES, Z: WATERBIRDS_SUBGROUPS };
    case 'celeba':
      return { Y: [`Not ${data.y}`, data.y], Z: [`Not ${data.z}`, data.z] };
    case 'folder':
      return { Y: data.classes, Z: data.subgroups };
  }
}

/**
 * A line under a table of groups, e.g. `Y: 0 cat, 1 dog; Z: 0 without, 1 with`.
 *
 * @param data Settings of the data; whether class or subgroup is learnt changes no group.
 */
export function groupLegend(data: DataSettings): string {
  return Object.entries(classAndSubgroupNames(data))
    .map(([letter, names]) => `${letter}: ${names.map((name, index) => `${index} ${name}`).join(', ')}`)
    .join('; ');
}
