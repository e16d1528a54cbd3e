/**
 * Python, for two things: finding a TensorFlow that is installed already (its place is looked up, it is not
 * imported), and fetching a wheel with pip, which knows the user's registry, proxy and certificates.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as t from 'io-ts';
import { either as E } from 'fp-ts';
import { parseJson } from '../../system/text-file.ts';
import { failure } from './failure.ts';
import { runChild, telling, type CommandOptions } from './child-program.ts';
import { WHEEL_PLATFORMS, WHEEL_PYTHON, wheelProject, wheelToFetch } from './wheels.ts';

const FACTS = `
import sys, json, importlib.util as util
def place(name):
    try:
        spec = util.find_spec(name)
        return list(spec.submodule_search_locations)[0] if spec and spec.submodule_search_locations else None
    except Exception:
        return None
print(json.dumps({'version': '%d.%d' % sys.version_info[:2], 'recent': sys.version_info >= (3, 8),
                  'pip': place('pip') is not None, 'tensorflow': place('tensorflow')}))
`;

const PythonFacts = t.readonly(
  t.type({
    version: t.string,
    recent: t.boolean,
    pip: t.boolean,
    tensorflow: t.union([t.string, t.null]),
  }),
);

/** A Python that runs. */
export interface Python extends t.TypeOf<typeof PythonFacts> {
  readonly program: string;
}

/** All Pythons on the path, by the names `python3` and `python`. */
export async function findPythons(options: CommandOptions): Promise<readonly Python[]> {
  const found: Python[] = [];
  for (const program of ['python3', 'python']) {
    const ended = await runChild(program, ['-c', FACTS], options);
    const facts = PythonFacts.decode(parseJson(ended?.stdout ?? ''));
    if (E.isRight(facts)) found.push({ program, ...facts.right });
  }
  return found;
}

/** How to go on where no Python can fetch the wheel. */
function byHand(gpu: boolean, version: string): string {
  const file = wheelToFetch(gpu, version)?.file ?? `a ${WHEEL_PYTHON.abi} wheel for Linux on x86_64`;
  return `or fetch ${file} from https://pypi.org/project/${wheelProject(gpu)}/${version}/#files and name it with --libtensorflow`;
}

/**
 * The Python that can fetch wheels.
 *
 * @throws ProgramError if there is none, with how to go on.
 */
export function pythonWithPip(pythons: readonly Python[], gpu: boolean, version: string): Python {
  const able = pythons.find(({ recent, pip }) => recent && pip);
  if (able !== undefined) return able;
  const found =
    pythons.length === 0
      ? 'neither python3 nor python on the path'
      : pythons
          .map(({ program, version: has, pip }) => `${program} ${has}${pip ? '' : ' without pip'}`)
          .join(', ');
  throw failure('Python', '3.8 or later with pip', found, `install one, ${byHand(gpu, version)}`);
}

/**
 * Fetches a wheel.
 *
 * @param python With pip.
 * @param folder Where the wheel will be, under its own name, only once it is whole.
 * @param temporary Where pip works.
 * @returns The wheel's file name.
 * @throws ProgramError with what pip says.
 */
export async function fetchWheel(
  python: Python,
  { gpu, version }: { readonly gpu: boolean; readonly version: string },
  { folder, temporary }: { readonly folder: string; readonly temporary: string },
  options: CommandOptions,
): Promise<string> {
  const wanted = `${wheelProject(gpu)}==${version}`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(join(temporary, 'wheel'), { recursive: true });
  const ended = await runChild(
    python.program,
    [
      ...['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--implementation', 'cp'],
      ...['--python-version', WHEEL_PYTHON.version, '--abi', WHEEL_PYTHON.abi],
      ...WHEEL_PLATFORMS.flatMap((platform) => ['--platform', platform]),
      ...['--dest', join(temporary, 'wheel'), wanted],
    ],
    {
      ...options,
      show: true,
      // Settings that a pip does not know are passed over by it.
      env: {
        ...options.env,
        TMPDIR: temporary,
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
        PIP_NO_INPUT: '1',
        PIP_REQUIRE_VIRTUALENV: 'false',
        PIP_RESUME_RETRIES: '10',
      },
    },
  );
  const fetched = (await readdir(join(temporary, 'wheel'))).filter((name) => name.endsWith('.whl'));
  if (ended?.code !== 0 || fetched.length !== 1) {
    throw failure(
      `${python.program} -m pip download ${wanted}`,
      'a wheel',
      telling(ended?.stderr ?? ''),
      `check the version, the network and the free space, ${byHand(gpu, version)}`,
    );
  }
  await mkdir(folder, { recursive: true });
  await rename(join(temporary, 'wheel', fetched[0]!), join(folder, fetched[0]!));
  await rm(temporary, { recursive: true, force: true });
  return fetched[0]!;
}
