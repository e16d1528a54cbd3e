/** The command `native` of the package's program. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { ProgramError } from '../../system/program.ts';
import { installNative, type Installation, type Machine } from './install.ts';
import { findNodeModules, thisPlatform } from './place.ts';
import type { NativeSettings } from './source.ts';
import { freeBytes } from './staging.ts';
import { tryBackend } from './try-backends.ts';
import { DEFAULT_VERSION } from './wheels.ts';

/** How to get what TensorFlow loads when it starts on a GPU. */
const cudaLibraries = (version: string): string =>
  `no GPU was found. Beside NVIDIA's driver TensorFlow wants the CUDA and cuDNN that it was built for (2.15: 12.2 and 8.9; 2.21: 12.5 and 9.3), which come with
  pip install 'tensorflow[and-cuda]==${version}'        (2.15: Python 3.9 to 3.11)
and are found once this is set:
  export LD_LIBRARY_PATH=$(python3 -c 'import glob, nvidia; print(":".join(glob.glob(list(nvidia.__path__)[0] + "/*/lib")))')`;

interface NativeOptions {
  readonly gpu?: boolean;
  readonly version?: string;
  readonly libtensorflow?: string;
  readonly download?: boolean;
}

function settingsFrom({
  gpu = false,
  version,
  libtensorflow,
  download = false,
}: NativeOptions): NativeSettings {
  if (version !== undefined && !/^\d+\.\d+\.\d+([.\w]*)$/.test(version))
    throw new ProgramError(
      `--version: expected one like ${DEFAULT_VERSION}, found '${version}'; correct it`,
      2,
    );
  if (libtensorflow !== undefined && (version !== undefined || download))
    throw new ProgramError(
      '--libtensorflow: expected alone, found with --version or --download, which are about the wheel; leave one away',
      2,
    );
  return {
    gpu,
    version,
    libtensorflow: libtensorflow === undefined ? undefined : resolve(libtensorflow),
    download,
  };
}

const round = (milliseconds: number): string => milliseconds.toFixed(milliseconds < 10 ? 1 : 0);

/** The lines that an installation ends with. */
export function outcome({ folder, tensorflow, origin, verdict }: Installation): string {
  if (verdict === null) return `already installed: TensorFlow ${tensorflow} in ${folder} (from ${origin})`;
  const speed =
    verdict.native === null
      ? cudaLibraries(tensorflow)
      : `a training step of the small CNN (28 × 28, batch 100): ${round(verdict.native)} ms, on wasm ${round(verdict.wasm)} ms, ${(verdict.wasm / verdict.native).toFixed(1)} times as fast`;
  return `installed: TensorFlow ${tensorflow} in ${folder}\n${speed}`;
}

async function run(options: NativeOptions): Promise<void> {
  const settings = settingsFrom(options);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    const machine: Machine = {
      platform: thisPlatform(),
      nodeModules: await findNodeModules(),
      env: process.env,
      signal: stop.signal,
      say: (line) => void process.stderr.write(`${line}\n`),
      freeBytes,
      tryBackend,
    };
    process.stdout.write(`${outcome(await installNative(settings, machine))}\n`);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** `native`: installs the native backend. */
export const nativeCommand = (): Command =>
  new Command('native')
    .summary('Installs the native backend, on which training is faster than on wasm.')
    .description(
      'Installs the native backend beside the @tensorflow/tfjs of this project: tfjs-node from npm, TensorFlow’s library from the Python registry, the binding compiled here. package.json stays as it is, so npm ci and npm install remove it again; a second run brings it back.',
    )
    .option('--gpu', 'the CUDA build, into @tensorflow/tfjs-node-gpu')
    .option(
      '--version <version>',
      `of TensorFlow (default: what Python has installed, else ${DEFAULT_VERSION}; 2.21.0 was tried as well)`,
    )
    .option(
      '--libtensorflow <path>',
      'a TensorFlow of your own: an unpacked libtensorflow or installed tensorflow folder (used in place), a .tar.gz or a wheel',
    )
    .option('--download', 'fetch the wheel even where Python has TensorFlow installed')
    .addHelpText(
      'after',
      '\nNeeds Linux on x64, a C++ compiler, Python 3.8 or later with pip, and 1 GB of free disk (2 GB with --gpu).',
    )
    .action(run);
