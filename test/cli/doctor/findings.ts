import type { Finding } from '../../../src/cli/doctor/finding.ts';
import type { Diagnosis } from '../../../src/cli/doctor/doctor-table.ts';

export const absent = (name: Finding['name'], reason: string, cure: string): Finding => ({
  name,
  version: null,
  device: null,
  refused: { reason, cure },
  gigaflops: null,
});

export const wasm: Finding = {
  name: 'wasm',
  version: '4.22.0',
  device: 'CPU, WebAssembly',
  refused: null,
  gigaflops: 18.44,
};

export const diagnosis: Diagnosis = {
  machine: 'Node 20.20.2, linux x64, a processor, 2 cores',
  findings: [
    absent('tensorflow-gpu', '@tensorflow/tfjs-node-gpu is not installed', 'npx model-patching native --gpu'),
    {
      ...absent(
        'webgpu',
        'lacks gradient of max pooling: expected 1 at 5, found 0; gradient of gather: no kernel of the name UnsortedSegmentSum',
        'use another backend',
      ),
      version: '4.22.0, webgpu 0.6.2',
      device: 'a graphics card of a very long name that nobody can remember',
    },
    {
      name: 'tensorflow',
      version: '4.22.0, TensorFlow 2.15.1',
      device: 'CPU, native',
      refused: null,
      gigaflops: 147.6,
    },
    wasm,
  ],
  takes: 'tensorflow',
};
