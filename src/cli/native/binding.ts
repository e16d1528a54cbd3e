/** The binding: two C++ files of tfjs-node, which call TensorFlow's C interface and Node's binary interface, nothing else. */
import { mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure } from './failure.ts';
import { runChild, telling, type CommandOptions } from './child-program.ts';

/** Where tfjs-node looks for it, on every Node from version 12 on. */
export const BINDING = join('lib', 'napi-v8', 'tfjs_binding.node');

/**
 * The C++ compiler.
 *
 * @returns The variable `CXX`, else the first of c++, g++ and clang++ that runs.
 * @throws ProgramError if there is none.
 */
export async function findCompiler(options: CommandOptions): Promise<string> {
  const asked = options.env['CXX'];
  for (const compiler of asked === undefined || asked === '' ? ['c++', 'g++', 'clang++'] : [asked]) {
    if ((await runChild(compiler, ['--version'], options))?.code === 0) return compiler;
  }
  throw failure(
    'C++ compiler',
    asked ? `CXX=${asked} to run` : 'c++, g++ or clang++',
    'none on the path',
    "install one (Debian, Ubuntu: apt install g++; Fedora: dnf install gcc-c++; or conda's gxx)",
  );
}

/** Folders of one compilation. */
export interface BindingFolders {
  /** The two C++ files. */
  readonly sources: string;
  /** Headers of Node's binary interface. */
  readonly headers: string;
  /** TensorFlow: `lib` and `include`. */
  readonly deps: string;
  /** The package folder that gets the binding. */
  readonly target: string;
}

/**
 * Compiles the binding.
 *
 * @throws ProgramError with the compiler's first error.
 */
export async function compileBinding(
  compiler: string,
  { sources, headers, deps, target }: BindingFolders,
  options: CommandOptions,
): Promise<void> {
  const binding = join(target, BINDING);
  await mkdir(dirname(binding), { recursive: true });
  const files = (await readdir(sources)).filter((name) => name.endsWith('.cc'));
  const ended = await runChild(
    compiler,
    [
      ...['-std=c++17', '-O2', '-shared', '-fPIC', '-DNAPI_VERSION=8'],
      ...[`-I${headers}`, `-I${join(deps, 'include')}`],
      ...files.map((name) => join(sources, name)),
      ...['-o', `${binding}.partial`, `-L${join(deps, 'lib')}`, '-ltensorflow', '-ltensorflow_framework'],
      '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ],
    options,
  );
  if (ended?.code !== 0)
    throw failure(
      `${compiler}, compiling ${sources}`,
      'a binding',
      telling(ended?.stderr ?? ''),
      'update the compiler (C++17 is needed), or set CXX to another one',
    );
  await rename(`${binding}.partial`, binding);
}
