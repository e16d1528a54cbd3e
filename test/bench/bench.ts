/**
 * `npm run bench`: this package's steps, the same in plain tfjs and, with `--peers`, in Python, in turn in one run.
 * See docs/notebook/performance.md.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digits } from './digits.ts';
import { describeBackend, runProgram, selectBackend } from '../../src/node.ts';
import { environmentFacts } from '../../src/system/environment.ts';
import { writeFileAtomically } from '../../src/system/atomic-file.ts';
import { compileStep } from '../../src/compile/compile-step.ts';
import { measureFamily } from './family.ts';
import { pipelineData } from './input-pipeline.ts';
import { benchOptions } from './options.ts';
import { startPythonPeers, type PythonPeer } from './python-peer.ts';
import { benchTable, type BenchResults, type Result } from './results.ts';
import { FAMILIES } from './rows.ts';

const NAMES = Object.values(FAMILIES).flatMap((rows) => Object.keys(rows));

await runProgram('bench', async () => {
  const options = benchOptions(process.argv.slice(2), NAMES);
  if (options === null) return;
  // TensorFlow's library otherwise reports every graph that it loads.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const backend = await selectBackend(options.backend === undefined ? {} : { name: options.backend });
  say(describeBackend(backend));
  const onGpu = ['tensorflow-gpu', 'webgpu'].includes(backend.name);
  const python: { peers: PythonPeer[]; absent: { name: string; reason: string }[] } = options.peers
    ? await startPythonPeers(options.python, onGpu ? 'cuda' : 'cpu')
    : { peers: [], absent: [] };
  python.peers.forEach(({ name, version }) => say(`peer: ${name} ${version}`));
  python.absent.forEach(({ name, reason }) => say(`no peer ${name}: ${options.python}: ${reason}`));
  const folder = await mkdtemp(join(tmpdir(), 'model-patching-bench-'));
  let data: Promise<Digits> | undefined;
  const started = loadavg()[0]!;
  try {
    const results: Result[] = [];
    const peaks = { convolution: 0, product: 0 };
    const facts = await environmentFacts();
    const resultsSoFar = (): BenchResults => ({
      machine: {
        ...facts,
        device: backend.device,
        ...Object.fromEntries(python.peers.map(({ name, version }) => [name, version])),
        'convolution peak, GFLOP/s': Math.round(peaks.convolution),
        'product peak, GFLOP/s': Math.round(peaks.product),
        'load before the run': Math.round(100 * started) / 100,
        repeats: options.repeats,
      },
      backend: backend.name,
      results,
    });
    for (const [family, rows] of Object.entries(FAMILIES)) {
      const chosen = Object.entries(rows).filter(([name]) => options.only?.includes(name) ?? true);
      if (chosen.length === 0) continue;
      const measured = await measureFamily(Object.fromEntries(chosen), {
        ...options,
        compileStep: backend.name.startsWith('tensorflow') ? compileStep : undefined,
        pythonPeers: python.peers,
        folder,
        data: () => (data ??= pipelineData()),
        say: (line) => say(`${family}: ${line}`),
      });
      results.push(...measured.results);
      for (const kind of ['convolution', 'product'] as const)
        peaks[kind] = Math.max(peaks[kind], measured.peaks[kind]);
      // After each family: a run that is stopped leaves the figures of those before.
      if (options.json !== undefined)
        await writeFileAtomically(options.json, [
          Buffer.from(`${JSON.stringify(resultsSoFar(), null, 1)}\n`),
        ]);
    }
    process.stdout.write(`${benchTable(resultsSoFar())}\n`);
  } finally {
    python.peers.forEach(({ stop }) => stop());
    await rm(folder, { recursive: true, force: true });
  }
});
