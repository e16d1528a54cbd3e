/** A server of built pages on a port of this machine, as well or as badly set up as asked. */
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

/** How a folder is served. */
export interface Served {
  readonly folder: string;
  /** Where in the site the folder is: begins and ends with a slash. */
  readonly base: string;
  /** With the headers that let a page have threads. */
  readonly isolated?: boolean;
  /** What is answered for `.wasm` files in their place: status 404, or the page, as servers of one page do. */
  readonly instead?: '404' | 'html';
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

async function answer({ folder, base, isolated, instead }: Served, path: string, response: ServerResponse) {
  const wanted = path.startsWith(base) ? path.slice(base.length) : undefined;
  const missing = wanted === undefined || (wanted.endsWith('.wasm') && instead === '404');
  const name = wanted?.endsWith('.wasm') && instead === 'html' ? 'index.html' : wanted;
  const bytes = missing ? null : await readFile(join(folder, name!)).catch(() => null);
  const type = TYPES[extname(name ?? '')] ?? 'application/octet-stream';
  if (bytes === null) response.writeHead(404).end('There is no such file.');
  else response.writeHead(200, { 'Content-Type': type, ...(isolated && ISOLATED) }).end(bytes);
}

/** Serves until `close`. */
export async function serve(served: Served): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(({ url }, response) => {
    void answer(served, new URL(url!, 'http://localhost').pathname, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://localhost:${port}${served.base}`, close: () => void server.close() };
}
