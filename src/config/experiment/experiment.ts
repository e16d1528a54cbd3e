/** A configuration of either stage. */
import type { StageOneExperiment } from './stage-one.ts';
import type { StageTwoExperiment } from './stage-two.ts';

/** What a configuration file says, decoded: plain data. */
export type Experiment = StageOneExperiment | StageTwoExperiment;
