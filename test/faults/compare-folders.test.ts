/** The comparison of folders finds what it must find. */
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { folderDifferences, leftBehind, RULES } from './compare-folders.ts';
import { damagedFiles } from './whole-files.ts';

const root = mkdtempSync(join(tmpdir(), 'compare-'));
const [one, other] = [join(root, 'one'), join(root, 'other')];
afterAll(() => rmSync(root, { recursive: true }));

const FILES: Readonly<Record<string, string | Buffer>> = {
  'study.json': '{"seconds":1,"name":"a"}',
  'report.html': '<p>a · wasm · 2.2 s</p><data value="2.25">2.3 s</data><data value="4">4</data></html>',
  'seed-1/erm/run.json': '{"outcome":{"seconds":1.5,"steps":4}}',
  'seed-1/erm/elapsed.json': '{"seconds":1.5}',
  'seed-1/erm/metrics.jsonl': '{"step":1,"seconds":3}\n',
  'seed-1/erm/data.gz': gzipSync('listing', { level: 1 }),
};

function write(folder: string, file: string, contents: string | Buffer): void {
  mkdirSync(join(folder, file, '..'), { recursive: true });
  writeFileSync(join(folder, file), contents);
}
beforeEach(() => {
  for (const folder of [one, other]) rmSync(folder, { recursive: true, force: true });
  for (const [file, contents] of Object.entries(FILES)) write(one, file, contents);
  cpSync(one, other, { recursive: true });
});

it('lets times differ, in the files that have a rule', () => {
  write(other, 'study.json', '{"seconds":2,"name":"a"}');
  write(
    other,
    'report.html',
    '<p>a · wasm · 1 min 5 s</p><data value="0.1">0.1 s</data><data value="4">4</data></html>',
  );
  write(other, 'seed-1/erm/run.json', '{"outcome":{"seconds":9,"steps":4}}');
  write(other, 'seed-1/erm/elapsed.json', '{"seconds":9}');
  write(other, 'seed-1/erm/data.gz', gzipSync('listing', { level: 9 }));
  expect(folderDifferences(one, other)).toEqual([]);
});

it.each([
  ['study.json', '{"seconds":1,"name":"b"}'],
  ['report.html', '<p>a · wasm · 2.2 s</p><data value="2.25">2.3 s</data><data value="5">5</data></html>'],
  ['seed-1/erm/run.json', '{"outcome":{"seconds":1.5,"steps":5}}'],
  ['seed-1/erm/elapsed.json', '{"seconds":null}'],
  ['seed-1/erm/metrics.jsonl', '{"step":1,"seconds":4}\n'],
  ['seed-1/erm/data.gz', gzipSync('other')],
] as const)('finds another %s', (file, contents) => {
  write(other, file, contents);
  expect(folderDifferences(one, other)).toEqual([`${file}: different`]);
});

it('finds files that are missing, too many or left behind', () => {
  renameSync(join(other, 'study.json'), join(other, 'more.json'));
  write(other, '.x.tmp', '');
  write(other, 'lock', '1');
  write(other, '.(Y=0)-1/00.tfrec', '');
  expect(leftBehind(other)).toEqual(['.(Y=0)-1/00.tfrec', '.x.tmp', 'lock']);
  expect([...folderDifferences(one, other)].sort()).toEqual(
    [
      ...['.(Y=0)-1/00.tfrec', '.x.tmp', 'lock'].flatMap((file) => [
        `${file}: left behind`,
        `${file}: too many`,
      ]),
      'more.json: too many',
      'study.json: missing',
    ].sort(),
  );
});

it('takes names of files that a rule says may differ for the same', () => {
  write(one, 'part.1.host', 'a');
  write(other, 'part.2.host', 'a');
  expect(folderDifferences(one, other)).toHaveLength(2);
  const rule = { what: 'a name', files: /^part/, kept: (file: Buffer) => file, name: /\.\d+\.host$/ };
  expect(folderDifferences(one, other, [rule, ...RULES])).toEqual([]);
});

it('finds files that are not whole, but for a torn last line and temporary files', () => {
  write(other, 'seed-1/erm/metrics.jsonl', '{"step":1}\n{"st');
  write(other, 'seed-1/erm/.run.json.1.tmp', '{');
  expect(damagedFiles(other)).toEqual([]);
  write(other, 'study.json', '{');
  write(other, 'report.html', '<p>');
  write(other, 'seed-1/erm/metrics.jsonl', '{"st\n{"step":1}\n');
  write(other, 'seed-1/erm/checkpoints/step-000000001.safetensors', 'x');
  write(other, 'seed-1/erm/data.gz', 'x');
  expect(damagedFiles(other)).toEqual([
    'report.html',
    'seed-1/erm/checkpoints/step-000000001.safetensors',
    'seed-1/erm/data.gz',
    'seed-1/erm/metrics.jsonl',
    'study.json',
  ]);
});
