/** Versions of the packages that bring the backends. */
import { createRequire } from 'node:module';
import * as t from 'io-ts';
import type { BackendName } from '../../backends/backend.ts';

const PACKAGES: Readonly<Record<BackendName, readonly string[]>> = {
  'tensorflow-gpu': ['@tensorflow/tfjs-node-gpu'],
  webgpu: ['@tensorflow/tfjs-backend-webgpu', 'webgpu'],
  tensorflow: ['@tensorflow/tfjs-node'],
  wasm: ['@tensorflow/tfjs-backend-wasm'],
  cpu: ['@tensorflow/tfjs'],
};

const PackageCodec = t.type({ version: t.string });

/** The version of a package, if it is installed, whether or not it loads. */
function packageVersion(name: string): string | null {
  try {
    const json: unknown = createRequire(import.meta.url)(`${name}/package.json`);
    return PackageCodec.is(json) ? json.version : 'unknown';
  } catch {
    return null;
  }
}

/** tfjs's version of a backend, and that of the package below it; null if one of them is not installed. */
export function installedVersion(backend: BackendName): string | null {
  const names = PACKAGES[backend];
  const versions = names.map(packageVersion);
  if (versions.includes(null)) return null;
  return versions.map((version, i) => (i === 0 ? version : `${names[i]} ${version}`)).join(', ');
}
