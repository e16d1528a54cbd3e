/** Every module of the sources is tested at its own path, or stands in a list that says where its tests are. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** By module, a sentence that says which test holds it, or why none does. */
const ELSEWHERE = JSON.parse(readFileSync(join(root, 'test/tested-elsewhere.json'), 'utf8')) as Readonly<
  Record<string, string>
>;

const modules = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(sep).join('/'))
  // Indices only gather, and generated code is the generator's to test.
  .filter((file) => file.endsWith('.ts') && !/(^|\/)index\.ts$|_pb\.ts$/.test(file));
const ownTest = (module: string): string => `test/${module.replace(/\.ts$/, '.test.ts')}`;

it('modules have a test at their own path, or are listed with a reason', () => {
  const without = modules.filter((module) => !existsSync(join(root, ownTest(module))));
  expect(without.filter((module) => !Object.hasOwn(ELSEWHERE, module))).toEqual([]);
});

it('the list names modules without a test of their own, and tests that there are', () => {
  const listed = Object.entries(ELSEWHERE);
  expect(listed.length).toBeGreaterThan(0);
  const wrong = listed.filter(
    ([module, reason]) =>
      !modules.includes(module) ||
      existsSync(join(root, ownTest(module))) ||
      !/^[A-Za-z].* .*\.$/.test(reason) ||
      (reason.match(/test\/\S+\.test\.ts/g) ?? []).some((test) => !existsSync(join(root, test))),
  );
  expect(wrong).toEqual([]);
});
