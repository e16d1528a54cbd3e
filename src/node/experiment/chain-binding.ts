/** What a chain's folder is bound to, so that it never goes on with other data or settings than it was begun with. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as t from 'io-ts';
import { orExit, ProgramError } from '../program.ts';
import { readSettingsFile, writeRunFile } from '../run-file.ts';
import { hasCode, parseJson, readText } from '../text-file.ts';
import type { ChainName } from './chain-name.ts';
import type { ChainOverrides } from './chain-overrides.ts';

/** What the results of a chain depend on, beside the data's folder, to which each of its runs is bound. */
export interface BoundChain {
  readonly chain: ChainName;
  readonly sample: boolean;
  /** Sample pictures of each group, as a factor of their plan; only with sample data. */
  readonly share?: number;
  /** Without the spurious link between class and subgroup. */
  readonly null: boolean;
  readonly overrides: ChainOverrides;
}

const entriesOf = (folder: string): Promise<readonly string[]> =>
  readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return [];
    throw error;
  });

/** Whether a run of a chain has been begun in its folder. */
async function isBegun(out: string): Promise<boolean> {
  for (const seed of await entriesOf(out)) {
    if (!seed.startsWith('seed-')) continue;
    for (const run of await entriesOf(join(out, seed)))
      if ((await entriesOf(join(out, seed, run))).includes('run.json')) return true;
  }
  return false;
}

/** `name=value` by name, so that a difference is told by the setting's name. */
const byName = (overrides: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    overrides.map((each) => {
      const [name, ...value] = each.split('=');
      return [name!, value.join('=')];
    }),
  );

/**
 * Binds a chain's folder. As long as no run in it has been begun, it may be bound anew.
 *
 * @param out The folder; it is made if it is not there.
 * @param bound What the chain is.
 * @param check Called before anything is written, unless a run has been begun; what it throws is thrown.
 * @throws ProgramError (exit code 2) naming what differs from the chain that was begun there.
 */
export async function bindChain(
  out: string,
  { overrides, ...bound }: BoundChain,
  check: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const path = join(out, 'chain-settings.json');
  const settings = {
    ...bound,
    'stage-1': byName(overrides['stage-1']),
    'stage-2': byName(overrides['stage-2']),
  };
  if (!(await isBegun(out))) {
    await check();
    return writeRunFile(path, settings);
  }
  if (orExit(await readSettingsFile(path, settings)) === null) await writeRunFile(path, settings);
}

const ProvenanceCodec = t.type({
  variant: t.string,
  seed: t.number,
  share: t.number,
  scale: t.number,
});

/**
 * Refuses sample data that were made otherwise than a chain makes them.
 *
 * @param folder Of one data set, with `sample.json` in it; it need not be there.
 * @param chain Without the spurious link or with it, and how many pictures.
 * @throws ProgramError (exit code 2) naming what differs.
 */
export async function assertSampleData(
  folder: string,
  { null: withoutLink, share }: { readonly null: boolean; readonly share: number },
): Promise<void> {
  const path = join(folder, 'sample.json');
  const text = await readText(path);
  if (text === null) return;
  const found = parseJson(text);
  const expected = { variant: withoutLink ? 'null' : 'spurious', seed: 0, share, scale: 1 };
  const differing = (Object.keys(expected) as (keyof typeof expected)[]).filter(
    (name) => !ProvenanceCodec.is(found) || found[name] !== expected[name],
  );
  if (differing.length === 0) return;
  const told = (of: unknown): string =>
    differing
      .map(
        (name) => `${name} ${JSON.stringify((of as Readonly<Record<string, unknown>> | undefined)?.[name])}`,
      )
      .join(', ');
  throw new ProgramError(
    `${path}: expected sample data of ${told(expected)}, found ${told(found)}; choose another --out, or give --root DATA=${join(folder, '..')} to use them`,
    2,
  );
}
