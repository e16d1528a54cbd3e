/** Tries one backend in a process of its own and tells its parent what was found: `probe.ts <name> asked|by-itself`. */
import * as tf from '@tensorflow/tfjs';
import { BACKENDS, refusal, startBackend, type BackendName } from '../../backends/backend.ts';
import { OTHER_CURE } from '../../backends/refusal.ts';
import { missingCapabilities } from '../../backends/preflight.ts';
import { convolutionGigaflops } from './convolution-speed.ts';
import type { Finding } from './finding.ts';
import { installedVersion } from './versions.ts';

interface NativeBackend {
  readonly binding?: { readonly TF_Version?: string };
}

function version(name: BackendName): string | null {
  const installed = installedVersion(name);
  const library = (tf.backend() as NativeBackend).binding?.TF_Version;
  return installed === null || library === undefined ? installed : `${installed}, TensorFlow ${library}`;
}

async function examine(name: BackendName, asked: boolean): Promise<Omit<Finding, 'name'>> {
  try {
    const device = await startBackend(name, asked);
    const missing = await missingCapabilities();
    const found = { version: version(name), device };
    if (missing.length === 0) return { ...found, refused: null, gigaflops: await convolutionGigaflops() };
    const refused = { reason: `lacks ${missing.join('; ')}`, cure: OTHER_CURE };
    return { ...found, refused, gigaflops: null };
  } catch (error) {
    const { reason, cure } = refusal(name, error);
    return { version: installedVersion(name), device: null, refused: { reason, cure }, gigaflops: null };
  }
}

const [asked, manner] = process.argv.slice(2);
const name = BACKENDS.find((backend) => backend === asked);
if (name !== undefined && process.send !== undefined)
  process.send(await examine(name, manner === 'asked'), () => process.disconnect());
