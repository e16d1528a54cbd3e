/** From where the library comes to a folder with `lib` and `include` that the binding can be compiled against. */
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ProgramError } from '../../system/program.ts';
import { finishUnpacked, libraryIn, linkLibrary, unpackArchive } from './library.ts';
import type { Place } from './place.ts';
import { fetchWheel } from './python.ts';
import type { CommandOptions } from './child-program.ts';
import type { LibrarySource } from './source.ts';
import { checkSpace, type FreeBytes } from './staging.ts';
import { unpackWheel, verifyWheel, wheelContents } from './wheel.ts';
import { WHEEL_PYTHON, wheelProject } from './wheels.ts';

/** A library that is ready. */
export interface Obtained {
  /** Has `lib` and `include`. */
  readonly deps: string;
  readonly version: string;
  /** Where it came from, in words. */
  readonly origin: string;
}

/** What this needs of the machine. */
export interface ObtainOptions extends CommandOptions {
  readonly say: (line: string) => void;
  readonly freeBytes: FreeBytes;
}

async function unpacked(wheel: string, place: Place, options: ObtainOptions): Promise<Obtained> {
  const { sha256, known } = await verifyWheel(wheel, options.signal);
  options.say(
    known
      ? `  SHA-256 as the registry lists it: ${sha256}`
      : `  SHA-256 ${sha256}; of this wheel none is known here, its files are held to its own list`,
  );
  const contents = await wheelContents(wheel, join(place.staging, 'record'), options.signal);
  await checkSpace(place, contents.bytes + 20_000_000, options.freeBytes);
  const deps = join(place.staging, 'unpacked');
  await unpackWheel(contents, deps, options.signal);
  await finishUnpacked(deps);
  return { deps, version: contents.version, origin: `${basename(wheel)}, SHA-256 ${sha256}` };
}

/** A wheel that an interrupted run has left, if it is whole. */
async function leftWheel(folder: string, prefix: string, options: ObtainOptions): Promise<string | null> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const path of names.filter((name) => name.startsWith(prefix)).map((name) => join(folder, name))) {
    try {
      await verifyWheel(path, options.signal);
      options.say(`  ${basename(path)} is here from an earlier run`);
      return path;
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      options.say(`  ${basename(path)} from an earlier run is not whole and is fetched again`);
      await rm(path);
    }
  }
  return null;
}

/**
 * Obtains the library.
 *
 * @param gpu Whether for CUDA.
 * @throws ProgramError with what is wrong and the cure.
 */
export async function obtainLibrary(
  source: LibrarySource,
  gpu: boolean,
  place: Place,
  options: ObtainOptions,
): Promise<Obtained> {
  if (source.kind === 'folder') {
    const library = await libraryIn(source.path);
    const deps = join(place.staging, 'linked');
    await linkLibrary(library, deps);
    options.say(`TensorFlow ${library.version}: used where it is, ${source.path}`);
    return { deps, version: library.version, origin: source.path };
  }
  if (source.kind === 'archive') {
    const deps = join(place.staging, 'archive');
    options.say(`TensorFlow: unpacking ${source.path}`);
    await unpackArchive(source.path, deps, options);
    return { deps, version: (await libraryIn(deps)).version, origin: basename(source.path) };
  }
  if (source.kind === 'wheel') {
    options.say(`TensorFlow: ${source.path}`);
    return unpacked(source.path, place, options);
  }
  const { python, version } = source;
  options.say(
    `TensorFlow ${version}: the wheel of ${wheelProject(gpu)}, by pip of ${python.program} ${python.version}`,
  );
  const folder = join(place.staging, 'wheel');
  const prefix = `${wheelProject(gpu).replace('-', '_')}-${version}-${WHEEL_PYTHON.abi}-`;
  const wheel =
    (await leftWheel(folder, prefix, options)) ??
    join(
      folder,
      await fetchWheel(
        python,
        { gpu, version },
        { folder, temporary: join(place.staging, 'fetching') },
        options,
      ),
    );
  return unpacked(wheel, place, options);
}
