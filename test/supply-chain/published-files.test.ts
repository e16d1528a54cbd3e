/**
 * The files of the package, as npm packs it. A file that should not be published, or one that no longer is, changes the
 * list: look at it, and renew it with `npx vitest run test/supply-chain -u`.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

it('the package holds its sources, and beside them and what is built the files of the list', async () => {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    maxBuffer: 2 ** 24,
  });
  const [packed] = JSON.parse(stdout) as readonly Packed[];
  const paths = packed!.files.map(({ path }) => path);
  const isBuilt = (path: string): boolean => path.startsWith('dist/') || path === 'sbom.cdx.json';
  const sources = paths.filter((path) => path.startsWith('src/'));
  expect(sources.length).toBeGreaterThan(300);
  expect(sources.filter((path) => !/^src\/[a-z0-9/_-]+\.(?:ts|proto)$/.test(path))).toEqual([]);
  const others = paths.filter((path) => !path.startsWith('src/') && !isBuilt(path)).sort();
  await expect(`${others.join('\n')}\n`).toMatchFileSnapshot('published-files.txt');
}, 60_000);
