/**
 * `npm run sbom` writes what a user installs as a bill of materials, `sbom.cdx.json`, which the package ships.
 * `npm run sbom -- --table` prints it as a table with licences and sizes instead.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { billOfMaterials, type OwnFacts } from './bill-of-materials.ts';
import { installedBytes, productionTree, readLockFile, type Installed } from './production-tree.ts';

const lock = readLockFile();
const tree = productionTree(lock);

const kilobytes = (bytes: number | null): string =>
  bytes === null ? 'not installed here' : Math.round(bytes / 1000).toLocaleString('en');

const row = (installed: Installed): string => {
  const { name, version, license, hasInstallScript } = installed;
  const script = hasInstallScript ? 'yes' : '';
  return `| \`${name}\` | ${version} | ${license} | ${kilobytes(installedBytes(installed))} | ${script} |`;
};

/** The package's folders of what it depends on itself. */
function ownFacts(): OwnFacts {
  const own = lock.packages['']! as unknown as Omit<OwnFacts, 'dependsOn'>;
  const { dependencies = {}, peerDependencies = {} } = lock.packages['']!;
  const dependsOn = [...Object.keys(dependencies), ...Object.keys(peerDependencies)].map(
    (name) => `node_modules/${name}`,
  );
  return { ...own, dependsOn };
}

if (process.argv.includes('--table')) {
  const total = tree.reduce((sum, installed) => sum + (installedBytes(installed) ?? 0), 0);
  console.log('| package | version | licence | kB | install script |\n| --- | --- | --- | --- | --- |');
  for (const installed of tree) console.log(row(installed));
  console.log(`| ${tree.length} packages | | | ${kilobytes(total)} | |`);
} else {
  const path = fileURLToPath(new URL('../../sbom.cdx.json', import.meta.url));
  writeFileSync(path, `${JSON.stringify(billOfMaterials(ownFacts(), tree), null, 2)}\n`);
  console.log(`sbom.cdx.json: ${tree.length} packages`);
}
