import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePng } from '../../src/data/png.ts';
import { closing } from '../../src/system/closing.ts';
import { obtainTranslations } from '../../src/experiment/translations/augment.ts';
import { openExperimentImages } from '../../src/experiment/images/open-images.ts';
import { experimentToRun } from '../../src/experiment/run-settings.ts';
import { runStageOne } from '../../src/experiment/stage-one/run-stage-one.ts';
import { runStageTwo } from '../../src/experiment/stage-two/run-stage-two.ts';
import { useBackend } from '../support/backend.ts';

const scratch = mkdtempSync(join(tmpdir(), 'own-folder-'));
const backend = { name: 'wasm', device: 'test' } as const;
beforeAll(() => useBackend('wasm'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("a folder of one's own images", () => {
  const file = join(scratch, 'lesions.yaml');
  /** So many images of every group in training, validation and test. */
  const written = (name: string, counts: readonly [number, number, number]) => {
    const folder = join(scratch, name);
    const images = ['train', 'val', 'test'].flatMap((split, s) =>
      ['benign', 'malignant'].flatMap((y) =>
        ['without', 'with'].flatMap((z) =>
          Array.from({ length: counts[s]! }, (_, i) => ({
            split,
            y,
            z,
            name: `${split}-${y}-${z}-${i}.png`,
          })),
        ),
      ),
    );
    mkdirSync(folder);
    const rows = images.map(({ split, y, z, name }) => `${name},${split},${y},${z}`);
    writeFileSync(join(folder, 'metadata.csv'), ['filename,split,y,z', ...rows].join('\n'));
    images.forEach(({ name }, i) =>
      writeFileSync(
        join(folder, name),
        encodePng({
          height: 10,
          width: 8,
          channels: 3,
          pixels: Uint8Array.from({ length: 240 }, (_, k) => (37 * k + 11 * i) % 256),
        }),
      ),
    );
    return { folder, images };
  };
  const { folder, images: names } = written('lesions', [3, 3, 3]);
  beforeAll(() => {
    writeFileSync(
      file,
      [
        'version: 1',
        'kind: stage-2',
        'name: lesions',
        'data:',
        '  kind: folder',
        '  root: ${DATA}/lesions',
        '  classes: [benign, malignant]',
        '  subgroups: [without, with]',
        '  image: { height: 8, width: 8 }',
        'images: { augmentation: [{ kind: fliplr }, { kind: crop }], scaling: { kind: ImageNetPreprocessing } }',
        'network: { kind: multilayer-perceptron, hidden: [4] }',
        'method: { kind: group-dro, adversary: { adjustment: 1 } }',
        'training: { epochs: 2, batchSize: 8 }',
      ].join('\n'),
    );
  });
  const toRun = () => experimentToRun(file, 'stage-2', { roots: { DATA: scratch } });
  const stageOne = (...overrides: readonly string[]) => {
    const path = join(scratch, 'stage-1.yaml');
    writeFileSync(
      path,
      [
        'version: 1',
        'kind: stage-1',
        'name: lesions-stage-1',
        'data:',
        '  kind: folder',
        '  root: ${DATA}/lesions',
        '  classes: [benign, malignant]',
        '  subgroups: [without, with]',
        '  image: { height: 16, width: 16 }',
        'generator: { kind: unet, filters: [2, 3] }',
        'discriminator: { filters: [2, 3] }',
        'gate: { kind: strict, trainingImages: 2, heldOutImages: 2, domainSteps: 2, labelSteps: 2, width: 0.1 }',
        'gallery: { images: 2 }',
        'pool: { capacity: 4 }',
        'training: { epochs: 1, steps: 1, batchSize: 2 }',
      ].join('\n'),
    );
    return experimentToRun(path, 'stage-1', { roots: { DATA: scratch }, overrides });
  };
  const context = { say: () => undefined, stopRequested: () => false };

  it('that is too small for a gate leaves no run folder behind, so that the cure works in the same folder', async () => {
    const out = join(scratch, 'ungated');
    await expect(runStageOne(await stageOne(), { out, backend }, context)).rejects.toThrow(
      /^gate: expected at least 4 validation images .* set gate\.kind to none/,
    );
    expect(existsSync(out)).toBe(false);
    const outcome = await runStageOne(await stageOne('gate={ kind: none }'), { out, backend }, context);
    expect(outcome.steps).toBe(1);
    expect(await runStageOne(await stageOne('gate={ kind: none }'), { out, backend }, context)).toEqual(
      outcome,
    );
  });

  it('is translated, and damaged images are skipped and listed on request only, those of the gate and gallery too', async () => {
    const { folder: more, images } = written('more', [4, 6, 1]);
    const overrides = ['data.root=${DATA}/more', 'gate.trainingImages=4', 'gate.heldOutImages=2'];
    // Of each, the first image: in the gallery, held out, and among those that the gate learns from.
    const damaged = ['train-benign-with-0.png', 'val-benign-without-0.png', 'val-malignant-with-3.png'];
    expect(images.map(({ name }) => name)).toEqual(expect.arrayContaining(damaged));
    damaged.forEach((name) => writeFileSync(join(more, name), 'no image'));
    const out = join(scratch, 'translated');
    await expect(runStageOne(await stageOne(...overrides), { out, backend }, context)).rejects.toThrow(
      /--skip-damaged N/,
    );
    const said: string[] = [];
    const listening = { ...context, say: (line: string) => void said.push(line) };
    const skipped = () => said.filter((line) => line.startsWith('skipped: '));
    const outcome = await runStageOne(
      await stageOne(...overrides),
      { out, backend, skipDamaged: 1 },
      listening,
    );
    expect(outcome.damaged.map(({ where }) => where).sort()).toEqual(
      damaged.map((name) => join(more, name)).sort(),
    );
    expect(skipped()).toHaveLength(3);
    await runStageOne(await stageOne(...overrides), { out, backend }, listening);
    expect(skipped(), 'listed again').toHaveLength(6);
    const { experiment } = await experimentToRun(file, 'stage-2', {
      roots: { DATA: scratch, RUNS: scratch },
      overrides: [
        'data.root=${DATA}/more',
        'data.image={ height: 16, width: 16 }',
        'data.skipDamaged=1',
        "method={ kind: camel, translations: { sources: [{ from: { kind: run, path: '${RUNS}/translated' } }] } }",
      ],
    });
    await closing(await openExperimentImages(experiment.data), async (opened) => {
      const translations = await obtainTranslations(experiment, opened, listening);
      await translations.close();
      expect(translations.splits.train.toSource).toHaveLength(16);
    });
    // It counts once, though it is met in either direction.
    expect(skipped().slice(6)).toEqual([
      expect.stringMatching(/train-benign-with-0\.png: .* translated in its place$/),
    ]);
    const settings = await stageOne(...overrides, 'data.skipDamaged=1');
    const set = await runStageOne(settings, { out: `${out}-set`, backend }, context);
    expect(set.damaged).toHaveLength(3);
    const resumed = `${out}-resumed`;
    const stopping = {
      ...context,
      stopRequested: () => existsSync(join(resumed, 'gate-classifiers.safetensors')),
    };
    const longer = await stageOne(...overrides, 'data.skipDamaged=1', 'training.steps=2');
    await expect(runStageOne(longer, { out: resumed, backend }, stopping)).rejects.toThrow(/^stopped/);
    // The gate's training images are not looked at again.
    expect((await runStageOne(longer, { out: resumed, backend }, context)).damaged).toEqual(set.damaged);
  });

  it('is trained on, and a damaged image is skipped and listed on request only', async () => {
    const results = await runStageTwo(await toRun(), { out: join(scratch, 'whole'), backend }, context);
    expect(results.result.groups.map(({ count }) => count)).toEqual([3, 3, 3, 3]);
    const damaged = names.find(({ split }) => split === 'test')!.name;
    writeFileSync(join(folder, damaged), 'no image');
    const out = join(scratch, 'skipping');
    await expect(runStageTwo(await toRun(), { out, backend }, context)).rejects.toThrow(/--skip-damaged N/);
    const said: string[] = [];
    const skipping = await runStageTwo(
      await toRun(),
      { out, backend, skipDamaged: 1 },
      { ...context, say: (line) => void said.push(line) },
    );
    expect(skipping.result.groups.map(({ count }) => count)).toEqual([2, 3, 3, 3]);
    expect(said.join('\n')).toContain(`skipped: ${join(folder, damaged)}`);
  });

  it('has all its damaged images counted and listed, also one that was mended after a stop', async () => {
    const { folder: more, images } = written('resumed', [3, 1, 1]);
    const settings = await experimentToRun(file, 'stage-2', {
      roots: { DATA: scratch },
      overrides: ['data.root=${DATA}/resumed', 'training.epochs=8'],
    });
    const [first, second] = images
      .filter(({ split }) => split === 'train')
      .map(({ name }) => join(more, name));
    const [whole, other] = [readFileSync(first!), readFileSync(second!)];
    const out = join(scratch, 'resumed-run');
    const log = join(out, 'metrics.jsonl');
    const stopping = { ...context, stopRequested: () => existsSync(log) };
    writeFileSync(first!, 'no image');
    const once = { out, backend, skipDamaged: 1 };
    await expect(runStageTwo(settings, once, stopping)).rejects.toThrow(/^stopped/);
    writeFileSync(first!, whole);
    writeFileSync(second!, 'no image');
    await expect(runStageTwo(settings, once, context)).rejects.toThrow(
      /found changed data: 1 image with other contents \(first: [^)]*\)/,
    );
    writeFileSync(second!, other);
    await runStageTwo(settings, once, context);
    const { damaged } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as {
      damaged: readonly { readonly where: string }[];
    };
    expect(damaged.map(({ where }) => where)).toEqual([first]);
  });

  it('goes on once the damaged image that ended a run is mended, and does not count it', async () => {
    const { folder: more, images } = written('mended', [3, 1, 1]);
    const settings = await experimentToRun(file, 'stage-2', {
      roots: { DATA: scratch },
      overrides: ['data.root=${DATA}/mended'],
    });
    const image = join(more, images.find(({ split }) => split === 'train')!.name);
    const whole = readFileSync(image);
    writeFileSync(image, 'no image');
    const once = { out: join(scratch, 'mended-run'), backend };
    await expect(runStageTwo(settings, once, context)).rejects.toThrow(/--skip-damaged/);
    writeFileSync(image, whole);
    await runStageTwo(settings, once, context);
    expect(readFileSync(join(once.out, 'results.json'), 'utf8')).not.toContain('"where"');
  });
});
