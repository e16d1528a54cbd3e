/** The studies that are disturbed, and how their program is called. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeSmallMnist } from '../support/small-mnist.ts';
import { STUDY, TINY } from '../support/tiny-study.ts';

/** What changes the tiny study, by name. */
export const STUDIES = {
  /** Everything in one process. */
  tiny: TINY,
  /** Long enough that another process trains the gate, ERM and group DRO beside stage 1. */
  beside: [
    ...TINY,
    'stage-1.0.training={ steps: 12, batchSize: 4 }',
    'stage-1.0.gate.domainSteps=120',
    'stage-1.0.gate.labelSteps=120',
    'stage-2.training={ steps: 260, batchSize: 8 }',
    'stage-2.evaluation.every={ steps: 65 }',
    'stage-2.checkpoints.every={ steps: 20 }',
  ],
} as const;

/** A name of {@link STUDIES}. */
export type StudyName = keyof typeof STUDIES;

/** Makes a folder with the digits that the studies need. */
export async function withDigits(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'mnist'))) await writeSmallMnist(join(folder, 'mnist'));
  return folder;
}

/** The name of a study's folder, the same for all: files of runs hold it. */
export const FOLDER = 'study';

/**
 * The arguments of the program, which is run in the folder that is to hold {@link FOLDER}.
 *
 * @param name Of the study.
 * @param data The folder from {@link withDigits}.
 */
export const studyArguments = (name: StudyName, data: string): readonly string[] => [
  ...['study', 'run', STUDY],
  ...['--backend', 'wasm', '--seed', '1', '--root', `DATA=${data}`, '--out', FOLDER],
  ...STUDIES[name].flatMap((setting) => ['--set', setting]),
];
