/** Pages in a headless Chromium. */
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `CHROMIUM`, or the first Chromium or Chrome of the `PATH`. */
export function findChromium(): string | undefined {
  const { CHROMIUM, PATH = '' } = process.env;
  if (CHROMIUM) return CHROMIUM;
  return PATH.split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find(isProgram);
}

function flags(profile: string): string[] {
  const common = ['--headless=new', '--no-first-run', '--disable-gpu', '--disable-dev-shm-usage'];
  // Chromium refuses its sandbox to root.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return [...common, ...sandbox, '--enable-logging=stderr', `--user-data-dir=${profile}`];
}

/** Opens the page until `outcome` is there, and closes the browser. */
export async function visit<A>(
  chromium: string,
  url: string,
  outcome: Promise<A>,
  seconds: number,
): Promise<A> {
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
  const browser = spawn(chromium, [...flags(profile), url], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  browser.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const closed = new Promise<void>((resolve) => browser.once('close', () => resolve()));
  let timer: NodeJS.Timeout | undefined;
  const failure = new Promise<never>((_, reject) => {
    const fail = (why: string): void => reject(new Error(`${url}: ${why}\n${log.slice(-4000)}`));
    timer = setTimeout(() => fail(`no outcome within ${seconds} s`), 1000 * seconds);
    browser.once('error', ({ message }) => fail(message));
    void closed.then(() => fail('the browser ended before the page did'));
  });
  try {
    return await Promise.race([outcome, failure]);
  } finally {
    clearTimeout(timer);
    failure.catch(() => undefined);
    // The group: Chromium is several processes.
    if (browser.pid !== undefined && browser.exitCode === null) process.kill(-browser.pid, 'SIGKILL');
    await closed;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
