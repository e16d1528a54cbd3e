/** The settings of the gate of stage 1. */
import { positiveInteger, positiveNumber } from '../codecs.ts';
import { DurationCodec } from './durations.ts';
import { choice, setting, variants } from './section.ts';

/** The gate that says how good translations are. */
export const GateCodec = variants('gate', {
  none: {},
  strict: {
    every: setting('From one measurement to the next.', DurationCodec, { epochs: 50 }),
    trainingImages: setting('Of each group, that its classifiers learn from.', positiveInteger, 1000),
    heldOutImages: setting('Of each group, that it translates and judges.', positiveInteger, 250),
    measureOneIn: setting(
      'During training it measures one in so many of them; the chosen checkpoint, on all.',
      positiveInteger,
      1,
    ),
    choose: setting(
      'best: the checkpoint that it finds best translates; last: the last one does, and the gate only measures.',
      choice('best', 'last'),
      'best',
    ),
    domainSteps: setting('Optimizer steps of the domain classifier.', positiveInteger, 400),
    labelSteps: setting('Optimizer steps of the class classifier.', positiveInteger, 1500),
    batchSize: setting('Images in a step of either.', positiveInteger, 100),
    learningRate: setting('Of either.', positiveNumber, 0.001),
    width: setting('Factor of all numbers of filters; 1 is as published.', positiveNumber, 1),
  },
});
