/** Imports of the sources, those of types included: no circle, and one direction from room to room. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../src', import.meta.url));

type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** Files that a module names: imports and exports, of types too, `import('…')` and types written so. */
function namedModules(text: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const name =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined;
    if (name !== undefined && ts.isStringLiteral(name)) found.push(name.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest));
  return found;
}

function importsBelow(folder: string): ImportGraph {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return new Map(
    files.map((file) => [
      file.split(sep).join('/'),
      namedModules(readFileSync(join(folder, file), 'utf8'))
        .filter((name) => name.startsWith('.'))
        .map((name) =>
          normalize(join(dirname(file), name))
            .split(sep)
            .join('/'),
        ),
    ]),
  );
}

/** Circles of imports, each as the files on it, found by walking depth first; none if and only if there is none. */
function circles(graph: ImportGraph): readonly string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, above: readonly string[]): void => {
    const start = above.indexOf(file);
    if (start >= 0) found.push([...above.slice(start), file].join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const other of graph.get(file) ?? []) walk(other, [...above, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return found;
}

/** What each room may import beside itself. Lint reads the same table. */
const ROOMS = JSON.parse(
  readFileSync(fileURLToPath(new URL('rooms.json', import.meta.url)), 'utf8'),
) as Readonly<Record<string, readonly string[]>>;

const roomOf = (file: string): string => {
  const [folder = ''] = file.split('/');
  return Object.hasOwn(ROOMS, folder) ? folder : 'core';
};

/** Imports against the direction. The indices, and the face of the rooms that use Node, gather from all of them. */
const wrongWays = (graph: ImportGraph): readonly string[] =>
  Array.from(graph).flatMap(([file, imports]) => {
    if (file === 'index.ts' || file === 'node.ts' || file === 'training/index.ts') return [];
    const may: readonly string[] = [roomOf(file), ...ROOMS[roomOf(file)]!];
    return imports.filter((other) => !may.includes(roomOf(other))).map((other) => `${file} → ${other}`);
  });

/** Whether rooms point back at one another, through others or at once. */
function isLayered(): boolean {
  const order: string[] = [];
  const rooms = Object.keys(ROOMS);
  while (order.length < rooms.length) {
    const next = rooms.find(
      (room) => !order.includes(room) && ROOMS[room]!.every((other) => order.includes(other)),
    );
    if (next === undefined) return false;
    order.push(next);
  }
  return true;
}

describe('imports of the sources', () => {
  const graph = importsBelow(source);

  it('are found', () => {
    expect(graph.size).toBeGreaterThan(200);
    expect(graph.get('group-dro.ts')).toEqual(['groups.ts', 'objectives.ts', 'stop-gradient.ts']);
    const files = new Set(graph.keys());
    const lost = Array.from(graph).flatMap(([file, imports]) =>
      imports
        .filter((other) => other.endsWith('.ts') && !files.has(other))
        .map((other) => `${file} → ${other}`),
    );
    expect(lost).toEqual([]);
    expect(
      namedModules(
        "import './a.ts'; export * from './b.ts'; import type { C } from './c.ts'; type D = import('./d.ts').D; void import('./e.ts');",
      ),
    ).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts']);
  });

  it('go in no circle', () => {
    expect(circles(graph)).toEqual([]);
    const circle = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', []],
      ['d', ['b']],
    ]);
    expect(circles(circle)).toEqual(['b → d → b']);
  });

  it('go one way from room to room', () => {
    expect(isLayered()).toBe(true);
    expect(wrongWays(graph)).toEqual([]);
    const against = new Map([['gan/losses.ts', ['data/csv.ts', 'groups.ts']]]);
    expect(wrongWays(against)).toEqual(['gan/losses.ts → data/csv.ts']);
  });
});
