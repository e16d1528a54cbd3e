/** A stranger finds a thing by its name: no two files of a room, and no two exports of modules, have the same one. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../src', import.meta.url));

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.split(sep).join('/'));

/** Things that have the name of another one: each name with where it is found, by the order of the places. */
function repeated(places: readonly (readonly [name: string, place: string])[]): readonly string[] {
  const found = new Map<string, Set<string>>();
  for (const [name, place] of places) found.set(name, (found.get(name) ?? new Set()).add(place));
  return [...found]
    .flatMap(([name, at]) => (at.size > 1 ? [`${name}: ${[...at].sort().join(', ')}`] : []))
    .sort();
}

/** Base names that occur twice in a room, a folder directly below src. */
const repeatedFiles = (paths: readonly string[]): readonly string[] =>
  repeated(
    paths
      .filter((path) => path.includes('/'))
      .map((path) => [`${path.split('/')[0]!}/…/${basename(path)}`, path] as const),
  );

const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) &&
  (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

/** Names that a module declares and exports; what it passes on from another module is that one's. */
function exportedNames(text: string): readonly string[] {
  return ts
    .createSourceFile('module.ts', text, ts.ScriptTarget.Latest, true)
    .statements.filter(isExported)
    .flatMap((statement) =>
      ts.isVariableStatement(statement)
        ? statement.declarationList.declarations.map(({ name }) => name.getText())
        : ((statement as ts.DeclarationStatement).name?.getText() ?? []),
    );
}

describe('the rooms of src', () => {
  it('have no two files of one base name', () => {
    expect(files.length).toBeGreaterThan(200);
    expect(repeatedFiles(files)).toEqual([]);
    expect(repeatedFiles(['a/x.ts', 'a/b/x.ts', 'b/x.ts', 'x.ts'])).toEqual(['a/…/x.ts: a/b/x.ts, a/x.ts']);
  });

  it('have no two exports of one name', () => {
    const names = files
      .filter((file) => !file.endsWith('_pb.ts'))
      .flatMap((file) =>
        exportedNames(readFileSync(join(source, file), 'utf8')).map((name) => [name, file] as const),
      );
    expect(names.length).toBeGreaterThan(500);
    expect(repeated(names)).toEqual([]);
    expect(
      exportedNames(
        "export const a = 1, b = 2; export type C = 1; export function d() {} export { e } from './e.ts'; const f = 1;",
      ),
    ).toEqual(['a', 'b', 'C', 'd']);
  });
});
