/** Runs, translations and studies are bound to their data: what is changed behind their backs is noticed and named. */
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePng } from '../../src/data/png.ts';
import { leakNotices } from '../../src/experiment/bound-runs.ts';
import { openExperimentImages } from '../../src/experiment/images/open-images.ts';
import { experimentToRun } from '../../src/experiment/run-settings.ts';
import { runStageOne } from '../../src/experiment/stage-one/run-stage-one.ts';
import { evaluateRun } from '../../src/experiment/stage-two/evaluate.ts';
import { runStageTwo } from '../../src/experiment/stage-two/run-stage-two.ts';
import { obtainTranslations } from '../../src/experiment/translations/augment.ts';
import { fingerprintOf } from '../../src/streams/data-fingerprint.ts';
import { closing } from '../../src/system/closing.ts';
import { useBackend } from '../support/backend.ts';
import { plainExample, plainRecords } from '../support/plain-records.ts';

const scratch = mkdtempSync(join(tmpdir(), 'bound-runs-'));
const backend = { name: 'wasm', device: 'test' } as const;
beforeAll(() => useBackend('wasm'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const GROUPS = ['cat,in', 'cat,out', 'dog,in', 'dog,out'] as const;
const rows = ['train', 'val', 'test'].flatMap((split) =>
  GROUPS.flatMap((group) =>
    [0, 1].map((i) => `${split}-${group.replace(',', '-')}-${i}.png,${split},${group}`),
  ),
);
const picture = (seed: number): Uint8Array =>
  encodePng({
    height: 10,
    width: 10,
    channels: 1,
    pixels: Uint8Array.from({ length: 100 }, (_, k) => (37 * k + 11 * seed + ((k * seed) % 7)) % 256),
  });
const writeTable = (folder: string, of: readonly string[]): void =>
  writeFileSync(join(folder, 'metadata.csv'), ['filename,split,y,z', ...of].join('\n'));

/** A folder of 24 pictures, all different. */
function pets(name: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  rows.forEach((row, i) => writeFileSync(join(folder, row.split(',')[0]!), picture(i)));
  writeTable(folder, rows);
  return folder;
}

const stageTwoFile = join(scratch, 'stage-2.yaml');
const stageOneFile = join(scratch, 'stage-1.yaml');
const head = [
  'version: 1',
  'data:',
  '  kind: folder',
  '  root: ${DATA}',
  '  classes: [cat, dog]',
  '  subgroups: [in, out]',
  '  image: { height: 10, width: 10, channels: 1 }',
];
writeFileSync(
  stageTwoFile,
  [
    ...head,
    'kind: stage-2',
    'method: { kind: erm }',
    'network: { kind: multilayer-perceptron, hidden: [3] }',
    'training: { steps: 6, batchSize: 4 }',
    'checkpoints: { every: { steps: 2 } }',
    'evaluation: { every: { steps: 2 } }',
  ].join('\n'),
);
writeFileSync(
  stageOneFile,
  [
    ...head,
    'kind: stage-1',
    'generator: { kind: unet, filters: [2, 3] }',
    'discriminator: { filters: [2, 3] }',
    'pool: { capacity: 4 }',
    'training: { steps: 4, batchSize: 2 }',
    'checkpoints: { every: { steps: 2 } }',
    'gallery: { every: { steps: 2 }, images: 1 }',
  ].join('\n'),
);

const lines: string[] = [];
const context = { say: (line: string) => void lines.push(line), stopRequested: () => false };
/** Stops after the first checkpoint, as Ctrl-C does. */
const stopping = (after = 3) => {
  let asked = 0;
  return { ...context, stopRequested: () => ++asked > after };
};
const stageTwo = async (data: string, out: string, how = context, overrides: readonly string[] = []) =>
  runStageTwo(
    await experimentToRun(stageTwoFile, 'stage-2', { roots: { DATA: data }, overrides }),
    { out: join(scratch, out), backend },
    how,
  );
const stageOne = async (data: string, out: string, how = context, overrides: readonly string[] = []) =>
  runStageOne(
    await experimentToRun(stageOneFile, 'stage-1', { roots: { DATA: data }, overrides }),
    { out: join(scratch, out), backend },
    how,
  );

/** Cats for dogs in training. */
const swapped = rows.map((row) =>
  row.includes(',train,cat') ? row.replace(',cat,', ',dog,') : row.replace(',train,dog,', ',train,cat,'),
);

describe('a run of stage 2', () => {
  it(
    'that was stopped does not go on with other labels, and does with those of then',
    { timeout: 60_000 },
    async () => {
      const data = pets('labels');
      await expect(stageTwo(data, 'labels-run', stopping())).rejects.toThrow(/^stopped/);
      writeTable(data, swapped);
      await expect(stageTwo(data, 'labels-run')).rejects.toThrow(
        /run\.json: expected the data that this run was begun with, found changed data: 8 labels \(first: train-cat-in-0\.png\); give the data of then/,
      );
      writeTable(data, rows);
      expect((await stageTwo(data, 'labels-run')).result.steps).toBe(6);
    },
  );

  it(
    'that is done says that nothing is trained, and refuses changed data, as does its evaluation',
    { timeout: 60_000 },
    async () => {
      const data = pets('done');
      await stageTwo(data, 'done-run');
      lines.length = 0;
      await stageTwo(data, 'done-run');
      expect(lines.join('\n')).toMatch(
        /done-run: nothing is trained; this run came to its end on \d{4}-\d\d-\d\dT/,
      );
      writeFileSync(join(data, 'train-cat-in-0.png'), picture(99));
      writeTable(data, rows.slice(0, -1));
      const changed = /1 image with other contents \(first: train-cat-in-0\.png\); 1 image gone/;
      await expect(stageTwo(data, 'done-run')).rejects.toThrow(changed);
      await expect(evaluateRun({ run: join(scratch, 'done-run'), split: 'test' }, context)).rejects.toThrow(
        changed,
      );
    },
  );

  it(
    'does not mind files that were touched, renamed or moved to another folder that cannot be written',
    { timeout: 60_000 },
    async () => {
      const data = pets('moved');
      await expect(stageTwo(data, 'moved-run', stopping())).rejects.toThrow(/^stopped/);
      utimesSync(join(data, 'train-cat-in-0.png'), 1, 1);
      renameSync(join(data, 'train-cat-in-1.png'), join(data, 'other.png'));
      writeTable(
        data,
        rows.map((row) => row.replace('train-cat-in-1.png', 'other.png')),
      );
      const elsewhere = join(scratch, 'moved-there');
      cpSync(data, elsewhere, { recursive: true });
      chmodSync(elsewhere, 0o555);
      const done = await stageTwo(elsewhere, 'moved-run');
      expect(done.result.steps).toBe(6);
    },
  );

  it(
    'that an image of a like name has stopped does not take other contents for its mending',
    { timeout: 60_000 },
    async () => {
      const data = pets('names');
      const [one, other] = ['train-cat-in-0.png', 'my-train-cat-in-0.png'].map((name) => join(data, name));
      renameSync(join(data, 'train-cat-out-0.png'), other!);
      writeTable(
        data,
        rows.map((row) => row.replace(/^train-cat-out-0/, 'my-train-cat-in-0')),
      );
      writeFileSync(other!, 'no image');
      await expect(stageTwo(data, 'names-run')).rejects.toThrow(/my-train-cat-in-0\.png: .*--skip-damaged/);
      writeFileSync(other!, picture(2));
      writeFileSync(one!, picture(55));
      await expect(stageTwo(data, 'names-run')).rejects.toThrow(
        /1 image with other contents \(first: train-cat-in-0\.png\)/,
      );
      writeFileSync(one!, picture(0));
      expect((await stageTwo(data, 'names-run')).result.steps).toBe(6);
    },
  );

  it('refuses another order, and one that was not bound', { timeout: 60_000 }, async () => {
    const data = pets('order');
    await expect(stageTwo(data, 'order-run', stopping())).rejects.toThrow(/^stopped/);
    writeTable(data, [...rows].reverse());
    await expect(stageTwo(data, 'order-run')).rejects.toThrow(/found changed data: the order of \d+ images/);
    writeTable(data, rows);
    const file = join(scratch, 'order-run', 'run.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"data": "[0-9a-f]{64}"/, '"other": 0'));
    await expect(stageTwo(data, 'order-run')).rejects.toThrow(/expected a run that is bound to its data/);
  });

  it('refuses changed data without their listing, too', { timeout: 60_000 }, async () => {
    const data = pets('unlisted');
    await expect(stageTwo(data, 'unlisted-run', stopping())).rejects.toThrow(/^stopped/);
    writeTable(data, swapped);
    writeFileSync(join(scratch, 'unlisted-run', 'data.gz'), gzipSync('{"format":1}'));
    await expect(stageTwo(data, 'unlisted-run')).rejects.toThrow(
      /data\.gz is one of format 1, which an earlier version wrote/,
    );
    rmSync(join(scratch, 'unlisted-run', 'data.gz'));
    await expect(stageTwo(data, 'unlisted-run')).rejects.toThrow(
      /what differs is not known, as data\.gz is missing/,
    );
  });
});

describe('a run of stage 1', () => {
  it('does not go on with exchanged domains', { timeout: 60_000 }, async () => {
    const data = pets('domains');
    await expect(stageOne(data, 'domains-run', stopping(1))).rejects.toThrow(/^stopped/);
    writeTable(
      data,
      rows.map((row) => (row.endsWith('in') ? row.replace(/in$/, 'out') : row.replace(/out$/, 'in'))),
    );
    await expect(stageOne(data, 'domains-run')).rejects.toThrow(/found changed data: 24 subgroups/);
  });

  it(
    'translates the images that are there, and not those that had their names',
    { timeout: 60_000 },
    async () => {
      const [data, other] = [pets('translated'), pets('others')];
      rows.forEach((row, i) => writeFileSync(join(other, row.split(',')[0]!), picture(i + 100)));
      await stageOne(data, 'translating-run');
      const translated = async (root: string): Promise<readonly string[]> => {
        const { experiment } = await experimentToRun(stageTwoFile, 'stage-2', {
          roots: { DATA: root, RUNS: scratch },
          overrides: [
            'method={ kind: camel, translations: { sources: [{ from: { kind: run, path: "${RUNS}/translating-run" } }] } }',
            'data.limits={ y0z0: 2 }',
          ],
        });
        return closing(await openExperimentImages(experiment.data), async (images) => {
          const translations = await obtainTranslations(experiment, images, context);
          const loaded = await Promise.all(translations.splits.train.toTarget.map(translations.load));
          await translations.close();
          return loaded.map((each) => ('right' in each ? Array.from(each.right).join() : 'damaged'));
        });
      };
      const first = await translated(data);
      expect(first).toHaveLength(8);
      lines.length = 0;
      const others = await translated(other);
      expect(others.filter((each, i) => each === first[i])).toEqual([]);
      expect(lines.join('\n')).toContain(
        'translating-run: this stage-1 run knows none of the 8 training images here',
      );
      expect(await translated(data)).toEqual(first);
      rmSync(join(scratch, 'translating-run', 'data.gz'));
      lines.length = 0;
      await translated(data);
      expect(lines.join('\n')).toContain('translating-run: data.gz is missing or damaged');
    },
  );

  it('of the same settings and other images does not translate', { timeout: 60_000 }, async () => {
    const data = pets('retrained');
    await stageOne(data, 'retrained-run');
    writeFileSync(join(data, 'train-dog-in-0.png'), picture(77));
    const camel =
      'method={ kind: camel, translations: { sources: [{ from: { kind: run, path: "${RUNS}/retrained-run" } }] } }';
    const toRun = await experimentToRun(stageTwoFile, 'stage-2', {
      roots: { DATA: data, RUNS: scratch },
      overrides: [camel],
    });
    await expect(runStageTwo(toRun, { out: join(scratch, 'camel-run'), backend }, context)).rejects.toThrow(
      /retrained-run\/run\.json: .*1 image with other contents \(first: train-dog-in-0\.png\)/,
    );
  });
});

const CAMEL = (path: string) =>
  `method={ kind: camel, translations: { sources: [{ from: { kind: folder, path: "\${RUNS}/${path}" } }] } }`;
const RUN = (path: string) =>
  `method={ kind: camel, translations: { sources: [{ from: { kind: run, path: "\${RUNS}/${path}" } }] } }`;
const camel = async (data: string, out: string, method: string, how = context, skipDamaged = 0) =>
  runStageTwo(
    await experimentToRun(stageTwoFile, 'stage-2', {
      roots: { DATA: data, RUNS: scratch },
      overrides: [method],
    }),
    { out: join(scratch, out), backend, skipDamaged },
    how,
  );
/** A record folder of the training images, which a stage-1 run has made. */
const recordsOf = (run: string, name: string): string => {
  const [id, ...others] = readdirSync(join(scratch, run, 'translations'));
  expect(others).toEqual([]);
  return join(scratch, run, 'translations', id!, 'train', name);
};
/** Both translations of the eight training images, as others write them. */
const write = (name: string, seed: number): void =>
  GROUPS.forEach((_, group) => {
    for (const variant of ['A-F', 'A-G']) {
      const folder = join(scratch, name, `(Y=${group >> 1})(Z=${group & 1})(${variant})`);
      mkdirSync(folder, { recursive: true });
      const images = [0, 1].map((i) => picture(seed + 10 * group + i + (variant === 'A-F' ? 5 : 0)));
      const records = images.map((image) => plainExample({ image, label: group >> 1 }));
      writeFileSync(join(folder, '00-10240.tfrec'), plainRecords(records));
    }
  });

describe('translations', () => {
  it('that others have made are those that a run was begun with', async () => {
    const data = pets('translated-by-others');
    write('foreign', 300);
    const method = CAMEL('foreign');
    await expect(camel(data, 'foreign-run', method, stopping())).rejects.toThrow(/^stopped/);
    write('foreign', 500);
    const changed =
      /foreign-run\/run\.json: expected the translations that this run was begun with, found others in 8 of 8 record folders \(first: train\/\(Y=0\)\(Z=0\)\(A-F\)\); give the translations of then/;
    await expect(camel(data, 'foreign-run', method)).rejects.toThrow(changed);
    write('foreign', 300);
    const done = await camel(data, 'foreign-run', method);
    expect(done.result.steps).toBe(6);
    expect(await camel(data, 'foreign-run', method)).toEqual(done);
    write('foreign', 500);
    await expect(camel(data, 'foreign-run', method)).rejects.toThrow(changed);
  });

  it('that others have made below train are looked for there, and nowhere else if they are damaged', async () => {
    const data = pets('below-train');
    write('below/train', 300);
    const shard = join(scratch, 'below/train/(Y=0)(Z=0)(A-F)/00-10240.tfrec');
    writeFileSync(join(scratch, 'below/train/(Y=0)(Z=0)(A-F)/._00-10240.tfrec'), 'of macOS');
    lines.length = 0;
    expect((await camel(data, 'below-run', CAMEL('below'))).result.steps).toBe(6);
    expect(lines.filter((line) => line.includes('left out ._00-10240.tfrec'))).toHaveLength(1);
    const bytes = readFileSync(shard);
    bytes[40]! ^= 1;
    writeFileSync(shard, bytes);
    await expect(camel(data, 'below-damaged', CAMEL('below'))).rejects.toThrow(
      /below\/train\/\(Y=0\)\(Z=0\)\(A-F\)\/00-10240\.tfrec/,
    );
  });

  it('of a stage-1 run that was trained anew in its folder are others', async () => {
    const data = pets('trained-anew');
    const method = RUN('anew-stage-1');
    await stageOne(data, 'anew-stage-1');
    await camel(data, 'another-run', method);
    await expect(camel(data, 'anew-run', method, stopping())).rejects.toThrow(/^stopped/);
    const kept = join(scratch, 'kept');
    renameSync(join(scratch, 'anew-stage-1'), kept);
    await stageOne(data, 'anew-stage-1', context, ['seed=5']);
    await expect(camel(data, 'anew-run', method)).rejects.toThrow(/others in 8 of 8 record folders/);
    rmSync(join(scratch, 'anew-stage-1'), { recursive: true });
    renameSync(kept, join(scratch, 'anew-stage-1'));
    expect((await camel(data, 'anew-run', method)).result.steps).toBe(6);
  });
});

describe('translations of a stage-1 run', () => {
  it('are refused for exchanged labels, however many damaged images may be skipped', async () => {
    const data = pets('exchanged');
    await stageOne(data, 'exchanged-stage-1');
    writeTable(
      data,
      rows.map((row) =>
        row.includes(',cat,') ? row.replace(',cat,', ',dog,') : row.replace(',dog,', ',cat,'),
      ),
    );
    for (const skipDamaged of [0, 1])
      await expect(
        camel(data, 'exchanged-run', RUN('exchanged-stage-1'), context, skipDamaged),
      ).rejects.toThrow(/exchanged-stage-1\/run\.json: .*24 labels/);
  });

  it(
    'that are not those of their manifest, or are gone, are made again, with a line',
    { timeout: 60_000 },
    async () => {
      const data = pets('shards');
      const method = RUN('shards-stage-1');
      await stageOne(data, 'shards-stage-1');
      await expect(camel(data, 'shards-run', method, stopping())).rejects.toThrow(/^stopped/);
      const [one, other] = ['(Y=0)(Z=0)(A-F)', '(Y=0)(Z=0)(A-G)'].map((name) =>
        join(recordsOf('shards-stage-1', name), '00-10240.tfrec'),
      ) as [string, string];
      const bytes = [readFileSync(one), readFileSync(other)] as const;
      writeFileSync(one, bytes[1]);
      rmSync(other);
      lines.length = 0;
      expect((await camel(data, 'shards-run', method)).result.steps).toBe(6);
      const again = lines.filter((line) => line.endsWith('the translations of its folder are made again'));
      expect(again).toHaveLength(2);
      expect(again[0]).toMatch(/\(A-F\)\/00-10240\.tfrec: expected (\d+ bytes|the SHA-256 \w+)/);
      expect(again[1]).toMatch(/\(A-G\)\/00-10240\.tfrec: .*ENOENT/);
      expect([readFileSync(one), readFileSync(other)]).toEqual(bytes);
    },
  );

  it(
    'that was trained anew are no longer those of a run that is done, unless it is gone',
    { timeout: 60_000 },
    async () => {
      const data = pets('anew');
      const method = RUN('done-stage-1');
      await stageOne(data, 'done-stage-1');
      const done = await camel(data, 'done-camel', method);
      expect(await camel(data, 'done-camel', method)).toEqual(done);
      const [there, kept] = [join(scratch, 'done-stage-1'), join(scratch, 'done-stage-1-kept')];
      renameSync(there, kept);
      expect(await camel(data, 'done-camel', method)).toEqual(done);
      await stageOne(data, 'done-stage-1', context, ['seed=5']);
      await expect(camel(data, 'done-camel', method)).rejects.toThrow(
        /done-camel\/run\.json: expected the translations that this run was begun with, found others in 8 of 8 record folders/,
      );
      rmSync(there, { recursive: true });
      renameSync(kept, there);
      expect(await camel(data, 'done-camel', method)).toEqual(done);
      const manifest = join(recordsOf('done-stage-1', '(Y=0)(Z=0)(A-F)'), 'manifest.json');
      const text = readFileSync(manifest, 'utf8');
      writeFileSync(manifest, text.replace(/"sha256": "\w/, '"sha256": "x'));
      await expect(camel(data, 'done-camel', method)).rejects.toThrow(
        /found others in 1 of 8 record folders/,
      );
      rmSync(join(scratch, 'done-stage-1', 'translations'), { recursive: true });
      expect(await camel(data, 'done-camel', method)).toEqual(done);
    },
  );

  it('beside those of others: both are looked at where a run is done', { timeout: 60_000 }, async () => {
    const data = pets('mixed');
    await stageOne(data, 'mixed-stage-1');
    write('mixed-foreign', 300);
    const method =
      'method={ kind: camel, translations: { sources: [{ classes: [0], from: { kind: run, path: "${RUNS}/mixed-stage-1" } }, { classes: [1], from: { kind: folder, path: "${RUNS}/mixed-foreign" } }] } }';
    const done = await camel(data, 'mixed-run', method);
    expect(await camel(data, 'mixed-run', method)).toEqual(done);
    write('mixed-foreign', 500);
    await expect(camel(data, 'mixed-run', method)).rejects.toThrow(/found others in 4 of 8 record folders/);
  });

  it(
    'with another in place of a damaged image are not made anew for a run that was begun',
    { timeout: 60_000 },
    async () => {
      const data = pets('mended');
      const [image, file] = ['train-cat-in-0.png', join(data, 'train-cat-in-0.png')];
      writeFileSync(file, 'no image');
      const settings = await experimentToRun(stageOneFile, 'stage-1', {
        roots: { DATA: data },
        overrides: [],
      });
      await runStageOne(settings, { out: join(scratch, 'mended-stage-1'), backend, skipDamaged: 1 }, context);
      const method = RUN('mended-stage-1');
      await expect(camel(data, 'mended-run', method, stopping(9), 1)).rejects.toThrow(/^stopped/);
      expect(readFileSync(join(scratch, 'mended-run', 'damaged.json'), 'utf8')).toContain(image);
      const shard = join(recordsOf('mended-stage-1', '(Y=0)(Z=0)(A-F)'), '00-10240.tfrec');
      const made = readFileSync(shard);
      writeFileSync(file, picture(0));
      await expect(camel(data, 'mended-run', method, context, 1)).rejects.toThrow(
        /mended-run\/run\.json: expected train-cat-in-0\.png damaged as it was, .*put the damaged file back, or choose another folder/,
      );
      expect(readFileSync(shard)).toEqual(made);
      writeFileSync(file, 'no image');
      const done = await camel(data, 'mended-run', method, context, 1);
      expect(done.result.steps).toBe(6);
      // A run of its own has the mended image translated, and the one that is done keeps its results.
      writeFileSync(file, picture(0));
      await camel(data, 'mended-anew', method);
      expect(readFileSync(shard)).not.toEqual(made);
      expect(await camel(data, 'mended-run', method, context, 1)).toEqual(done);
    },
  );
});

describe('an image of training in another split', () => {
  it('is counted, named and warned of, whatever it is called', { timeout: 60_000 }, async () => {
    const data = pets('leak');
    cpSync(join(data, 'train-cat-in-0.png'), join(data, 'test-dog-out-1.png'));
    lines.length = 0;
    await stageTwo(data, 'leak-run');
    expect(lines).toContain(
      'warning: 1 training image has the contents of an image in another split, so that results look better than they are: train-cat-in-0.png (train) = test-dog-out-1.png (test)',
    );
  });

  it('is counted with its copies, the first of many are named, and so is one of validation and test', () => {
    const image = (i: number, split: string) => ({
      split,
      label: 0,
      subgroup: 0,
      content: String(i),
      name: `${split} ${i}`,
    });
    const images = [0, 1, 2, 3].flatMap((i) => ['train', 'train', 'test'].map((split) => image(i, split)));
    const both = ['validation', 'test'].map((split) => image(9, split));
    const listing = { classes: [], subgroups: [], images: [...images, ...both] };
    const named = [0, 1, 2]
      .map((i) => `train ${i} (train) = train ${i} (train) = test ${i} (test)`)
      .join('; ');
    expect(leakNotices(fingerprintOf(listing))).toEqual([
      `warning: 8 training images have the contents of images in another split, so that results look better than they are: ${named}; and 1 more, all of which config check --data lists`,
      'warning: 1 test image has the contents of a validation image, so that checkpoints are selected by what they are tested on: validation 9 (validation) = test 9 (test)',
    ]);
  });

  it('is not spoken of where there is none', () => {
    expect(leakNotices(undefined)).toEqual([]);
    expect(leakNotices(fingerprintOf({ classes: [], subgroups: [], images: [] }))).toEqual([]);
  });
});
