/** A bill of materials in CycloneDX 1.5 (ECMA-424), the same for the same lock file: it has no clock and no serial. */
import type { Installed } from './production-tree.ts';

/** What is said of the package itself. */
export interface OwnFacts {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  /** Folders of what it depends on. */
  readonly dependsOn: readonly string[];
}

const urlOf = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/** One licence has an identifier, several are an expression (SPDX). */
const licensesOf = (license: string) =>
  /\s/.test(license) ? [{ expression: license }] : [{ license: { id: license } }];

const componentOf = ({ name, version, license, integrity, folder, hasInstallScript }: Installed) => ({
  type: 'library',
  'bom-ref': folder,
  name,
  version,
  scope: 'required',
  purl: urlOf(name, version),
  licenses: licensesOf(license),
  hashes: [
    { alg: 'SHA-512', content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex') },
  ],
  properties: [{ name: 'npm:hasInstallScript', value: String(hasInstallScript) }],
});

/**
 * The bill of materials.
 *
 * @param own The package.
 * @param tree All that a user installs beside it.
 */
export function billOfMaterials(own: OwnFacts, tree: readonly Installed[]) {
  const ref = urlOf(own.name, own.version);
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: 'library',
        'bom-ref': ref,
        name: own.name,
        version: own.version,
        description: own.description,
        purl: ref,
        licenses: licensesOf(own.license),
      },
    },
    components: tree.map(componentOf),
    dependencies: [
      { ref, dependsOn: own.dependsOn },
      ...tree.map(({ folder, dependsOn }) => ({ ref: folder, dependsOn })),
    ],
  };
}
