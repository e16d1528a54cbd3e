import { describe, expect, it } from 'vitest';
import { ERM, faults, right } from '../config/schema/loaded-texts.ts';

describe('extends', () => {
  it('takes what the file does not say, the later over the earlier, the file over all', async () => {
    const { experiment } = await right({
      'a.yaml': `extends: [b.yaml, c/c.yaml]\n${ERM}\nseed: 3`,
      'b.yaml': 'seed: 1\ntraining: { epochs: 1, batchSize: 7 }',
      'c/c.yaml': 'extends: ../d.yaml\nseed: 2\ntraining: { epochs: 2 }',
      'd.yaml': 'name: deep\ntraining: { epochs: 9, weightDecay: 0.5 }',
    });
    expect(experiment).toMatchObject({
      seed: 3,
      name: 'deep',
      training: { epochs: 2, batchSize: 7, weightDecay: 0.5 },
    });
  });

  it('names the file that holds the fault', async () => {
    const texts = { 'a.yaml': `extends: b.yaml\n${ERM}`, 'b.yaml': '\n\ntraining: { epochs: 0 }' };
    expect((await faults(texts))[0]).toMatch(
      /^b\.yaml:3:21: training\.epochs: expected an integer above 0, found 0/,
    );
  });

  it.each([
    [
      'a cycle',
      { 'a.yaml': 'extends: b.yaml', 'b.yaml': 'extends: ./c.yaml', 'c.yaml': 'x: 1\nextends: a.yaml' },
      'c.yaml:2:10: extends: expected files that do not lead back to themselves, found a.yaml → b.yaml → c.yaml → a.yaml',
    ],
    ['itself', { 'a.yaml': 'extends: x/../a.yaml' }, 'found a.yaml → a.yaml'],
    [
      'an escape',
      { 'a.yaml': 'extends: b/b.yaml', 'b/b.yaml': 'extends: ../../etc/passwd' },
      'b/b.yaml:1:10: extends: expected a file below the working folder, found "../../etc/passwd" (a.yaml → b/b.yaml → ../../etc/passwd)',
    ],
    [
      'an absolute path',
      { 'a.yaml': 'extends: /etc/passwd' },
      'a.yaml:1:10: extends: expected a path relative to this file, with /, found "/etc/passwd"',
    ],
    ['a drive', { 'a.yaml': "extends: 'C:\\x'" }, 'expected a path relative to this file'],
    [
      'no such file',
      { 'a.yaml': 'extends: b.yaml' },
      'a.yaml:1:10: expected the file b.yaml, found none; correct the name, which is relative to that file',
    ],
    [
      'no path',
      { 'a.yaml': 'extends: { b: c }' },
      'a.yaml:1:10: extends: expected a file, or a list of files, found a map',
    ],
    [
      'a list of maps',
      { 'a.yaml': 'extends: [b.yaml, [c]]' },
      'a.yaml:1:19: extends: expected a file, or a list of files, found a list',
    ],
  ])('%s is refused with its chain', async (_, texts, expected) => {
    expect((await faults(texts))[0]).toContain(expected);
  });

  it('does not branch without end', async () => {
    const texts = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`${i}.yaml`, `extends: [${i + 1}.yaml, ${i + 1}.yaml]`]),
    );
    const lines = await faults({ ...texts, 'a.yaml': 'extends: 0.yaml', '12.yaml': 'x: 1' });
    expect(lines[0]).toContain('expected at most 128 files');
  });
});
