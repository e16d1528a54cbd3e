/** Headless Chromium, and what a page of this folder says in it. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Route } from 'playwright-core';
import type { TenSteps } from './ten-steps.ts';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const CDN = 'https://cdn.jsdelivr.net/npm/';
const PATIENCE = 60_000;

/** Where Chromium is, if it is installed; `CHROMIUM` names another one. */
export function chromiumPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [process.env['CHROMIUM'] ?? '', ...candidates].find((path) => path !== '' && existsSync(path));
}

/** A file of the CDN from the package that is installed here, which must be of the version that the page names. */
async function fromInstalled(route: Route): Promise<void> {
  const [, name, version, file] = /^((?:@[^/]+\/)?[^@/]+)@([^/]+)\/(.*)$/.exec(
    route.request().url().slice(CDN.length),
  )!;
  const manifest = JSON.parse(await readFile(join(MODULES, name!, 'package.json'), 'utf8')) as {
    version: string;
  };
  if (manifest.version !== version) return route.abort();
  const contentType = file!.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
  const headers = { 'Access-Control-Allow-Origin': '*' };
  return route.fulfill({ path: join(MODULES, name!, file!), contentType, headers });
}

/** What a page said when it was done. */
export interface Said {
  readonly losses?: TenSteps;
  readonly error?: string;
  /** By `every-entry.ts`. */
  readonly entries?: readonly (readonly [string, number])[];
  /** The files of WebAssembly that it asked for, without folders. */
  readonly files: readonly string[];
  /** What it threw and printed. */
  readonly printed: readonly string[];
}

/** Opens a page and waits until it is done. */
export async function browse(browser: Browser, url: string): Promise<Said> {
  const page = await browser.newPage();
  const [files, printed]: [string[], string[]] = [[], []];
  page.on('console', (message) => printed.push(message.text()));
  page.on('pageerror', (error) => printed.push(String(error)));
  page.on('request', (request) => {
    if (request.url().endsWith('.wasm')) files.push(request.url().split('/').at(-1)!);
  });
  try {
    await page.route(`${CDN}**`, fromInstalled);
    await page.goto(url);
    await page
      .waitForSelector('body[data-done]', { state: 'attached', timeout: PATIENCE })
      .catch((error: Error) => {
        throw new Error(`${error.message.split('\n')[0]} The page printed:\n${printed.join('\n')}`);
      });
    const data = await page.evaluate(() => ({ ...document.body.dataset }));
    const parsed = (name: 'losses' | 'entries') =>
      data[name] !== undefined && { [name]: JSON.parse(data[name]) as never };
    const error = data['error'] === undefined ? {} : { error: data['error'] };
    return { ...parsed('losses'), ...parsed('entries'), ...error, files, printed };
  } finally {
    await page.close();
  }
}
