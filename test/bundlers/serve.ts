/** Serves the built pages on a port of this machine, and hears what they show. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';

/** How a page ended: `done` or `failed`, with what it shows. */
export interface Outcome {
  readonly state: string;
  readonly text: string;
  readonly isolated: boolean;
}

/** What is unusual about a server. */
export interface Serving {
  /** Headers of cross-origin isolation, with which browsers share memory between threads. */
  readonly isolated?: boolean;
  /** What is answered where a `.wasm` file is asked for; the file unless given. */
  readonly instead?: 'nothing' | 'a page';
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.mjs': 'text/javascript',
};
const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** Tells the server how the page ended; a page of a user's has no such lines. */
const REPORTER = `<script>
  const report = (state, text) =>
    fetch('/outcome', { method: 'POST', body: JSON.stringify({ state, text, isolated: crossOriginIsolated }) });
  const ended = () => report(document.documentElement.dataset.state, document.querySelector('#outcome').textContent);
  new MutationObserver(ended).observe(document.documentElement, { attributeFilter: ['data-state'] });
  addEventListener('error', ({ message }) => report('failed', message));
  addEventListener('unhandledrejection', ({ reason }) => report('failed', String(reason)));
</script>`;

async function answer(folder: string, { isolated, instead }: Serving, path: string) {
  const page = '<!doctype html><title>Another page</title>';
  const headers = { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' };
  if (path.endsWith('.wasm') && instead === 'nothing') return { status: 404, headers, body: 'Not found' };
  if (path.endsWith('.wasm') && instead === 'a page')
    return { status: 200, headers: { 'content-type': TYPES['.html']! }, body: page };
  const file = await readFile(join(folder, path));
  const body = path.endsWith('.html') ? file.toString().replace('<head>', `<head>${REPORTER}`) : file;
  return { status: 200, headers: { ...headers, ...(isolated && ISOLATION) }, body };
}

async function respond(folder: string, how: Serving, request: IncomingMessage, response: ServerResponse) {
  try {
    const { status, headers, body } = await answer(
      folder,
      how,
      new URL(request.url!, 'http://_').pathname.replace(/\/$/, '/index.html'),
    );
    response.writeHead(status, headers).end(body);
  } catch {
    response.writeHead(404).end('Not found');
  }
}

/** A server of `folder`: its address, the outcome that the first page reports, and its end. */
export async function serve(folder: string, how: Serving = {}) {
  let reported: (outcome: Outcome) => void;
  const outcome = new Promise<Outcome>((resolve) => (reported = resolve));
  const server = createServer((request, response) => {
    if (request.url !== '/outcome') return void respond(folder, how, request, response);
    void text(request).then((body) => {
      response.end();
      reported(JSON.parse(body) as Outcome);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { origin: `http://127.0.0.1:${port}`, outcome, close };
}
