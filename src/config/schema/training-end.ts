/** How a training ends before its steps are done: when it has come far enough, or when its numbers are not finite. */
import { nonNegativeNumber, positiveInteger } from '../codecs.ts';
import { setting, variants } from './section.ts';

/** Whether stage 1 ends once its gate is satisfied. */
export const stopWhenSatisfied = setting(
  'never: all steps are done, as schedules reckon with; satisfied: training ends once the gate has been satisfied so many times in a row.',
  variants('stopEarly', {
    never: {},
    satisfied: {
      measurements: setting('Of the gate during training, one after the other.', positiveInteger, 3),
    },
  }),
  { kind: 'never' },
);

/** Whether stage 2 ends once its score has stopped rising. */
export const stopWithoutGain = setting(
  'never: all steps are done, as schedules reckon with; patience: training ends when the score that selects a checkpoint has not risen for so many evaluations.',
  variants('stopEarly', {
    never: {},
    patience: {
      evaluations: setting('In a row without a gain.', positiveInteger, 10),
      minimumGain: setting('What the score must rise by to count as a gain.', nonNegativeNumber, 0),
    },
  }),
  { kind: 'never' },
);

/** What is done about numbers that are not finite. */
export const onNan = setting(
  'When a loss is not finite. stop: the program ends, and the last checkpoint is kept; rollback: back to that checkpoint, and on with half the learning rates and the same batches. `--on-nan` says otherwise for one call.',
  variants('onNan', {
    stop: {},
    rollback: {
      times: setting('At most, over the whole run; then it stops.', positiveInteger, 3),
    },
  }),
  { kind: 'stop' },
);
