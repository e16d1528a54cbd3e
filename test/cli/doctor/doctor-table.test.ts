import { describe, expect, it } from 'vitest';
import { renderDiagnosis, type Diagnosis } from '../../../src/cli/doctor/doctor-table.ts';
import { absent, diagnosis, wasm } from './findings.ts';

describe('the table', () => {
  it('reads at a glance, in 100 columns', () => {
    expect(renderDiagnosis(diagnosis).split('\n')).toEqual([
      'Node 20.20.2, linux x64, a processor, 2 cores',
      '',
      'backend         installed  version                    device                         trains  GFLOP/s',
      'tensorflow-gpu  no         –                          –                              no            –',
      'webgpu          yes        4.22.0, webgpu 0.6.2       a graphics card of a very lo…  no            –',
      'tensorflow      yes        4.22.0, TensorFlow 2.15.1  CPU, native                    yes         148',
      'wasm            yes        4.22.0                     CPU, WebAssembly               yes        18.4',
      '',
      'tensorflow-gpu  @tensorflow/tfjs-node-gpu is not installed',
      '                → npx model-patching native --gpu',
      'webgpu          lacks gradient of max pooling: expected 1 at 5, found 0; gradient of gather: no',
      '                kernel of the name UnsortedSegmentSum',
      '                → use another backend',
      '',
      "Programs take tensorflow, 148 GFLOP/s in a convolution's training step.",
      '',
    ]);
  });

  const lastLines = (changes: Partial<Diagnosis>): string =>
    renderDiagnosis({ ...diagnosis, ...changes })
      .split('\n\n')
      .at(-1)!
      .replaceAll('\n', ' ')
      .trim();

  it('says so if one that is not taken is faster', () => {
    expect(lastLines({ findings: [{ ...wasm, name: 'webgpu', gigaflops: 2 }, wasm], takes: 'webgpu' })).toBe(
      "Programs take webgpu, 2.00 GFLOP/s in a convolution's training step. wasm is 9.22 times as fast here: " +
        '--backend wasm, or MODEL_PATCHING_BACKEND=wasm.',
    );
  });

  it('tells what is asked for from what would be taken, and both from nothing', () => {
    expect(lastLines({ findings: [wasm], takes: 'wasm', asked: 'wasm' })).toBe(
      "Asked for: wasm, 18.4 GFLOP/s in a convolution's training step.",
    );
    const none = [absent('webgpu', 'webgpu is not installed', 'install it')];
    expect(lastLines({ findings: none, takes: null, asked: 'webgpu' })).toBe(
      'Asked for: webgpu, which cannot train.',
    );
    expect(lastLines({ findings: none, takes: null })).toBe('No backend can train here.');
  });
});
