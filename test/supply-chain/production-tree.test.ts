/** What a user installs: who is new in it, runs a script, is deprecated, or has another licence, is seen here. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { billOfMaterials } from './bill-of-materials.ts';
import { productionTree, readLockFile, type LockFile } from './production-tree.ts';

const tree = productionTree(readLockFile());

/** Licences that ask for no more than their text beside the code. */
const PERMISSIVE = ['Apache-2.0', 'MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD'];

/** The licences of an SPDX expression, all of which are to be permissive. */
const licencesIn = (expression: string): readonly string[] =>
  expression.split(/[()\s]+|AND|OR/).filter(Boolean);

describe('what a user installs', () => {
  it('is tfjs, what it brings, and the dependencies of the package', () => {
    const names = tree.map(({ name }) => name);
    for (const name of [
      '@tensorflow/tfjs',
      '@tensorflow/tfjs-core',
      'core-js',
      'fflate',
      'yaml',
      'string-width',
    ])
      expect(names).toContain(name);
    for (const name of ['vitest', 'typescript', 'esbuild', 'webgpu']) expect(names).not.toContain(name);
  });

  it('runs no install script but that of core-js, which tfjs brings and which prints a request for donations', () => {
    expect(tree.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name)).toEqual([
      'core-js',
    ]);
  });

  it('has nothing deprecated, only permissive licences, and a checksum for every archive', () => {
    expect(tree.filter(({ deprecated }) => deprecated !== null)).toEqual([]);
    const licences = tree.flatMap(({ license }) => licencesIn(license));
    expect(licences.filter((licence) => !PERMISSIVE.includes(licence))).toEqual([]);
    expect(tree.filter(({ integrity }) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity))).toEqual([]);
  });
});

const checksum = (text: string): string => `sha512-${createHash('sha512').update(text).digest('base64')}`;
const small: LockFile = {
  packages: {
    '': { version: '1.0.0', dependencies: { a: '1' }, peerDependencies: { '@s/p': '2' } },
    'node_modules/a': {
      version: '1.1.0',
      license: 'MIT',
      integrity: checksum('a'),
      dependencies: { b: '2' },
    },
    'node_modules/a/node_modules/b': {
      version: '2.0.0',
      license: 'MIT',
      hasInstallScript: true,
      deprecated: 'old',
    },
    'node_modules/b': { version: '1.0.0', license: 'ISC' },
    'node_modules/@s/p': { version: '2.3.4', license: '(MIT OR ISC)', dependencies: { b: '1' } },
    'node_modules/unused': { version: '1.0.0' },
  },
};

describe('a small tree', () => {
  it('has each package where it is found, with what npm notes of it', () => {
    expect(productionTree(small)).toMatchObject([
      { name: '@s/p', version: '2.3.4', dependsOn: ['node_modules/b'] },
      { name: 'a', dependsOn: ['node_modules/a/node_modules/b'] },
      { name: 'b', version: '2.0.0', hasInstallScript: true, deprecated: 'old' },
      { name: 'b', version: '1.0.0', hasInstallScript: false, deprecated: null },
    ]);
  });

  it('lacks nothing that a package needs', () => {
    const packages = Object.entries(small.packages).filter(([folder]) => folder !== 'node_modules/b');
    expect(() => productionTree({ packages: Object.fromEntries(packages) })).toThrow(
      'node_modules/@s/p needs b, which is not locked',
    );
  });

  it('is a bill of materials in CycloneDX', () => {
    const own = {
      name: '@o/w',
      version: '1.0.0',
      description: 'd',
      license: 'MIT',
      dependsOn: ['node_modules/a'],
    };
    const bill = billOfMaterials(own, productionTree(small));
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 });
    expect(bill.metadata.component.purl).toBe('pkg:npm/%40o/w@1.0.0');
    expect(bill.components.map(({ purl }) => purl)).toEqual([
      'pkg:npm/%40s/p@2.3.4',
      'pkg:npm/a@1.1.0',
      'pkg:npm/b@2.0.0',
      'pkg:npm/b@1.0.0',
    ]);
    expect(bill.components[0]!.licenses).toEqual([{ expression: '(MIT OR ISC)' }]);
    expect(bill.components[1]!.hashes[0]!.content).toBe(createHash('sha512').update('a').digest('hex'));
    // Every reference is one of a component: a reader of the format refuses others.
    const references = [
      bill.metadata.component['bom-ref'],
      ...bill.components.map((each) => each['bom-ref']),
    ];
    expect(new Set(references).size).toBe(references.length);
    for (const { ref, dependsOn } of bill.dependencies)
      for (const each of [ref, ...dependsOn]) expect(references).toContain(each);
  });
});
