/**
 * `wandb/sent.json` in a run's folder: what W&B has been given of it, so that the same command adds only what is new.
 * It lies beside wandb's own files of the run, so that whoever deletes the one deletes the other.
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { integer, naturalNumber } from '../../config/codecs.ts';
import { refuse, type DataError } from '../../data/data-error.ts';
import { writeFileAtomically } from '../../system/atomic-file.ts';
import { orExit, ProgramError } from '../../system/program.ts';
import { parseJson, readText } from '../../system/text-file.ts';
import type { ReplayOptions } from './replay-options.ts';

/** How far a mode has come. */
const SentCodec = t.readonly(
  t.type({
    /** The last step whose values were sent; −1 for none. */
    step: integer,
    /** The lines of `metrics.jsonl` up to that step, and the SHA-256 of them. */
    lines: naturalNumber,
    digest: t.string,
    /** Whether the end of the run was sent: tables and checkpoints. */
    done: t.boolean,
  }),
);
/** What has been sent. */
export type Sent = t.TypeOf<typeof SentCodec>;

/** A run of W&B. Both modes have one id, so that what was synchronised from here is gone on with. */
const TrackedCodec = t.readonly(
  t.intersection([
    t.type({ id: t.string, publishedNames: t.boolean }),
    t.partial({ offline: SentCodec, online: SentCodec }),
  ]),
);
/** A run of W&B and what it has been given. */
export type Tracked = t.TypeOf<typeof TrackedCodec>;

const StateCodec = t.readonly(
  t.type({ format: t.literal(1), projects: t.readonly(t.record(t.string, TrackedCodec)) }),
  'what was sent to W&B, format 1',
);
/** The contents of the file: a run of W&B for each project. */
type SentState = t.TypeOf<typeof StateCodec>;

/** What a project has been given at first. */
export const NOTHING_SENT: Sent = { step: -1, lines: 0, digest: '', done: false };

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** An id as wandb draws them: eight letters and digits. */
export const newRunId = (): string =>
  Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]!).join('');

const pathIn = (folder: string): string => join(folder, 'wandb', 'sent.json');

/**
 * What was sent of a run.
 *
 * @param folder Of the run.
 * @returns No projects if nothing was; or that the file is damaged.
 */
async function readSentState(folder: string): Promise<E.Either<DataError, SentState>> {
  const path = pathIn(folder);
  const text = await readText(path);
  if (text === null) return E.right({ format: 1, projects: {} });
  const state = parseJson(text);
  return StateCodec.is(state)
    ? E.right(state)
    : refuse(
        path,
        StateCodec.name,
        JSON.stringify(text.slice(0, 60)),
        `delete ${join(folder, 'wandb')}, and the run is sent anew as another run of W&B`,
      );
}

const writeSentState = (folder: string, state: SentState): Promise<void> =>
  writeFileAtomically(pathIn(folder), `${JSON.stringify(state, null, 2)}\n`);

const projectKey = ({ project, entity }: ReplayOptions): string => `${entity ?? ''}/${project}`;

/**
 * What a project has been given of a run.
 *
 * @throws ProgramError (exit code 2) if it was given under other names.
 */
export async function trackedIn(folder: string, options: ReplayOptions): Promise<Tracked> {
  const { projects } = orExit(await readSentState(folder));
  const tracked = projects[projectKey(options)];
  if (tracked === undefined) return { id: newRunId(), publishedNames: options.publishedNames };
  if (tracked.publishedNames !== options.publishedNames)
    throw new ProgramError(
      `${join(folder, 'wandb')}: expected the names under which the run was begun in this project, the ${tracked.publishedNames ? 'published' : 'own'} ones, found the others asked for; ${tracked.publishedNames ? 'add' : 'leave out'} --published-names, or choose another --project`,
      2,
    );
  return tracked;
}

/** Keeps what a project has been given of a run. */
export async function keepTracked(folder: string, options: ReplayOptions, tracked: Tracked): Promise<void> {
  const state = orExit(await readSentState(folder));
  await writeSentState(folder, {
    ...state,
    projects: { ...state.projects, [projectKey(options)]: tracked },
  });
}
