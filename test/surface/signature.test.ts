import ts from 'typescript';
import { expect, it } from 'vitest';
import { signature } from './signature.ts';

/** The signatures of everything that a module declares. */
function signatures(text: string): readonly string[] {
  const source = ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest, true);
  const options: ts.CompilerOptions = { noLib: true, strict: true };
  const host: ts.CompilerHost = {
    ...ts.createCompilerHost(options),
    getSourceFile: (name) => (name === 'module.ts' ? source : undefined),
  };
  const checker = ts.createProgram(['module.ts'], options, host).getTypeChecker();
  return checker
    .getExportsOfModule(checker.getSymbolAtLocation(source)!)
    .flatMap((symbol) => symbol.declarations!)
    .flatMap((declaration) => signature(declaration, checker) ?? []);
}

it.each([
  [
    'a function keeps a short default and no body',
    'export function f(x: number, { a, b = 2 }: Options = {}): number { return x; }',
    ['function f(x: number, { a, b = 2 }: Options = {}): number'],
  ],
  [
    'a default that is worked out is an optional parameter',
    'export function f(x: number, y: number = some(thing, that, is, long) + x): number { return y; }',
    ['function f(x: number, y?: number): number'],
  ],
  [
    'a result that the source leaves out is inferred',
    'export function f(x: number) { return x > 1; }',
    ['function f(x: number): boolean'],
  ],
  ['an arrow is a function', 'export const f = <T>(x: T): T => x;', ['function f<T>(x: T): T']],
  [
    'a constant has its type',
    "export const SIDES: readonly Side[] = ['left'];",
    ['const SIDES: readonly Side[]'],
  ],
  ['a constant without one has the inferred one', 'export const SIDE = 28;', ['const SIDE: 28']],
  [
    'a type is on one line, without its comments',
    '/** A pair. */\nexport interface Pair<T> {\n  /** First. */\n  readonly first: readonly [\n    T,\n    T,\n  ];\n}\nexport type Side =\n  | "left" // west\n  | "right";',
    ['interface Pair<T> { readonly first: readonly [T, T]; }', 'type Side = "left" | "right"'],
  ],
  [
    'a class shows neither bodies nor what is private',
    'export class C extends D { private hidden = 1; constructor(readonly x: number) { super(); } get(): number { return this.x; } }',
    ['class C extends D { constructor(readonly x: number); get(): number; }'],
  ],
  [
    'overloads are listed, what implements them is not',
    'export function f(x: string): string; export function f(x: number): number; export function f(x: unknown): unknown { return x; }',
    ['function f(x: string): string', 'function f(x: number): number'],
  ],
] as const)('%s', (_, text, expected) => {
  expect(signatures(text)).toEqual(expected);
});
