/**
 * The native backend without its own installer, which downloads from one host that has failed for many: the package
 * from npm, TensorFlow's library from the Python registry, the binding compiled here. Everything is made in a hidden
 * folder and gets to its place by renaming; it is kept only if it trains.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ProgramError } from '../../system/program.ts';
import { BINDING, compileBinding, findCompiler } from './binding.ts';
import { Interrupted } from './failure.ts';
import { bytesOf, canLink, findLibrary } from './library.ts';
import { obtainLibrary, type Obtained } from './obtain.ts';
import { fetchPackage } from './package.ts';
import { checkPlatform, hasPackage, placeIn, TFJS_NODE_VERSION, type Place, type Platform } from './place.ts';
import { judge, type Verdict } from './judge.ts';
import { chooseSource, type NativeSettings } from './source.ts';
import { checkSpace, openStaging, putInPlace, writeFailure, type FreeBytes } from './staging.ts';
import { changedFiles, readStamp, writeStamp, type Stamp } from './stamp.ts';
import type { TryBackend } from './try-backends.ts';

/** What the installer uses of the machine; replaced in tests. */
export interface Machine {
  readonly platform: Platform;
  readonly nodeModules: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  readonly freeBytes: FreeBytes;
  readonly tryBackend: TryBackend;
}

/** How an installation ended. */
export interface Installation {
  readonly folder: string;
  readonly tensorflow: string;
  readonly origin: string;
  /** How it trains; null where it was found installed and unchanged. */
  readonly verdict: Verdict | null;
}

/** Whether what is installed is what is asked for. */
const asAsked = (stamp: Stamp, { version, libtensorflow, download }: NativeSettings): boolean =>
  (version === undefined || stamp.tensorflow === version) &&
  (libtensorflow === undefined ||
    stamp.origin === libtensorflow ||
    stamp.origin.startsWith(`${basename(libtensorflow)},`)) &&
  (!download || stamp.origin.includes('.whl'));

/** What is installed: the stamp if all is well, the library if that much can be used again. */
async function whatIsThere(
  place: Place,
  settings: NativeSettings,
  { signal, say }: Machine,
): Promise<{
  readonly whole: Stamp | null;
  readonly library: Obtained | null;
  readonly stamped: boolean;
}> {
  const stamp = (await hasPackage(place)) ? await readStamp(place.folder) : null;
  if (stamp === null) return { whole: null, library: null, stamped: false };
  if (!asAsked(stamp, settings)) {
    say(`replacing TensorFlow ${stamp.tensorflow} (${stamp.origin})`);
    return { whole: null, library: null, stamped: true };
  }
  const changed = await changedFiles(place.folder, stamp, signal);
  if (changed.length === 0) return { whole: stamp, library: null, stamped: true };
  say(`not as it was installed: ${changed.join(', ')}`);
  const deps = join(place.folder, 'deps');
  const usable = !changed.some((file) => file.startsWith('deps')) && (await canLink(deps));
  return {
    whole: null,
    library: usable ? { deps, version: stamp.tensorflow, origin: stamp.origin } : null,
    stamped: true,
  };
}

/** Makes the package, or the parts of it that are lacking, in the staging folder. */
async function make(
  place: Place,
  settings: NativeSettings,
  library: Obtained | null,
  machine: Machine,
): Promise<{ readonly obtained: Obtained; readonly whole: string | null; readonly parts: string }> {
  const { say } = machine;
  const compiler = await findCompiler(machine);
  const source = library === null ? await chooseSource(settings, machine, say) : null;
  await checkSpace(place, source?.bytes ?? 20_000_000, machine.freeBytes);
  say(`${place.packageName} ${TFJS_NODE_VERSION}: from npm, without its install script`);
  const { folder: whole, headers } = await fetchPackage(place, machine);
  const obtained = library ?? (await obtainLibrary(source!, settings.gpu, place, machine));
  const parts = join(place.staging, 'made');
  await rm(parts, { recursive: true, force: true });
  await mkdir(parts);
  say(`compiling the binding with ${compiler}`);
  const sources = join(whole ?? place.folder, 'binding');
  await compileBinding(compiler, { sources, headers, deps: obtained.deps, target: parts }, machine);
  if (library === null) await rename(obtained.deps, join(parts, 'deps'));
  if (whole !== null) {
    for (const name of ['deps', 'lib']) await rename(join(parts, name), join(whole, name));
  }
  return { obtained, whole, parts };
}

/** A backend that was installed in another way, if it trains. */
async function adopt(place: Place, settings: NativeSettings, machine: Machine): Promise<Installation | null> {
  const choice = settings.version ?? settings.libtensorflow;
  if (choice !== undefined || settings.download || (await bytesOf(join(place.folder, BINDING))) === 0)
    return null;
  machine.say(`${place.packageName} was installed in another way`);
  try {
    const verdict = await judge(settings.gpu, place, machine);
    const library = await findLibrary(join(place.folder, 'deps'));
    const facts = { tensorflow: library?.version ?? 'unknown', origin: 'another installer' };
    await writeStamp(place.folder, facts, machine.signal);
    return { ...facts, folder: place.folder, verdict };
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    machine.say(`it does not work and is replaced: ${error.message}`);
    return null;
  }
}

async function install(place: Place, settings: NativeSettings, machine: Machine): Promise<Installation> {
  const { whole: stamp, library, stamped } = await whatIsThere(place, settings, machine);
  if (stamp !== null) return { ...stamp, folder: place.folder, verdict: null };
  const adopted = stamped ? null : await adopt(place, settings, machine);
  if (adopted !== null) return adopted;
  const made = await make(place, settings, library, machine);
  const undo = await putInPlace(place, made.whole, made.parts);
  try {
    const verdict = await judge(settings.gpu, place, machine);
    const facts = { tensorflow: made.obtained.version, origin: made.obtained.origin };
    await writeStamp(place.folder, facts, machine.signal);
    return { ...facts, folder: place.folder, verdict };
  } catch (error) {
    await undo();
    throw error;
  }
}

/**
 * Installs the native backend, or finds it installed.
 *
 * @param settings What is wanted.
 * @param machine Where, and with what.
 * @throws ProgramError (exit code 2) with one line that says what is lacking and the cure; 75 if the user stopped it.
 */
export async function installNative(settings: NativeSettings, machine: Machine): Promise<Installation> {
  checkPlatform(machine.platform, settings.libtensorflow !== undefined);
  const place = placeIn(machine.nodeModules, settings.gpu);
  let [interrupted, close]: [boolean, (() => Promise<void>) | null] = [false, null];
  try {
    close = await openStaging(place);
    return await install(place, settings, machine);
  } catch (error) {
    interrupted = error instanceof Interrupted || machine.signal.aborted;
    if (!interrupted) throw writeFailure(error, place) ?? error;
    throw new ProgramError(
      `stopped; nothing was changed, and what was fetched is kept in ${place.staging}: run this again to go on`,
      75,
    );
  } finally {
    // Without the lock the folder is another installer's.
    await close?.();
    if (close !== null && !interrupted) await rm(place.staging, { recursive: true, force: true });
  }
}
