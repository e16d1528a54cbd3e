/** How many damaged images an experiment may skip. */
import type { Experiment } from '../../config/schema/experiment.ts';

/** How many images of a split, or of a domain, may be damaged, as the settings say. */
export const skipDamagedOf = ({ data }: Pick<Experiment, 'data'>): number =>
  'skipDamaged' in data ? data.skipDamaged : 0;

/** An experiment of which so many may be, unless that is undefined. */
export const skipping = <Kind extends Experiment>(experiment: Kind, skipDamaged: number | undefined): Kind =>
  skipDamaged !== undefined && 'skipDamaged' in experiment.data
    ? { ...experiment, data: { ...experiment.data, skipDamaged } }
    : experiment;
