/**
 * The public surface: for every entry of package.json its names, in the order of its index, each with its signature.
 * `list-surface.ts` writes the listing, `surface.test.ts` holds it to the sources.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { signature } from './signature.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where the listing is kept. */
export const LISTING = join(root, 'test/surface/surface.md');

/** A name that an entry exports. */
export interface PublicName {
  readonly name: string;
  /** Its declarations on one line. */
  readonly signature: string;
}

/** An import of the package. */
export interface Entry {
  /** `model-patching/gan`. */
  readonly specifier: string;
  readonly names: readonly PublicName[];
}

/** Every import of the package with the source of its index, in the order of package.json. */
function entrySources(): readonly (readonly [specifier: string, file: string])[] {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Readonly<Record<string, string | { readonly source: string }>>;
  };
  return Object.entries(exports).flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [[path.replace('.', 'model-patching'), join(root, target.source)] as const],
  );
}

/** The compiler's program of some files, with the package's own options. */
function programOf(files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  return ts.createProgram(files, ts.parseJsonConfigFileContent(config, ts.sys, root).options);
}

/** A name and what it stands for, whatever the index calls it. */
function publicName(exported: ts.Symbol, checker: ts.TypeChecker): PublicName {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const { name } = exported;
  const signatures = (symbol.declarations ?? []).flatMap(
    (declaration) => signature(declaration, checker) ?? [],
  );
  if (signatures.length === 0) throw new Error(`${name} is declared nowhere`);
  return { name, signature: signatures.join('; ') + (name === symbol.name ? '' : ` as ${name}`) };
}

/** Every entry of the package, read from the sources. */
export function publicSurface(): readonly Entry[] {
  const entries = entrySources();
  const program = programOf(entries.map(([, file]) => file));
  const checker = program.getTypeChecker();
  return entries.map(([specifier, file]) => {
    const index = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    return {
      specifier,
      names: checker.getExportsOfModule(index).map((exported) => publicName(exported, checker)),
    };
  });
}

/** The listing of some entries: a section each, a line a name. */
export const printSurface = (entries: readonly Entry[]): string =>
  [
    '# The public surface',
    'Every name that the package exports, with its signature. `npm run surface` writes this page from the sources. The inferred type of a constant is cut short with `...` where it is long.',
    ...entries.flatMap(({ specifier, names }) => [
      `## ${specifier}`,
      ['```typescript', ...names.map((name) => name.signature), '```'].join('\n'),
    ]),
  ].join('\n\n') + '\n';
