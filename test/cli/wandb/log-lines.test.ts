import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { linesDigest, readLogLines } from '../../../src/cli/wandb/log-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'log-lines-'));
afterAll(() => rmSync(folder, { recursive: true }));
const reading = (text: string) => {
  writeFileSync(join(folder, 'metrics.jsonl'), text);
  return readLogLines(folder);
};

it('a log that is not there yet has no lines', async () => {
  expect(await readLogLines(join(folder, 'none'))).toEqual({ lines: [], records: [], damaged: null });
});

it('a last line without its end is still being written', async () => {
  const { records, damaged } = await reading('{"step":1}\n{"step":2}\n{"ste');
  expect([records, damaged]).toEqual([[{ step: 1 }, { step: 2 }], null]);
});

it.each([['{"step":2'], ['{"step":-1}'], ['{}'], ['']])('a line %j is damaged', async (line) => {
  const { lines, records, damaged } = await reading(`{"step":1}\n${line}\n{"step":3}\n`);
  expect([lines, records]).toEqual([['{"step":1}'], [{ step: 1 }]]);
  expect(damaged).toMatchObject({
    where: join(folder, 'metrics.jsonl, line 2'),
    found: JSON.stringify(line),
  });
});

it('a digest is that of the bytes in the file', () => {
  expect(linesDigest(['{"step":1}', 'ä'])).toBe(createHash('sha256').update('{"step":1}\nä\n').digest('hex'));
});
