import { execFileSync } from 'node:child_process';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { foundAt } from '../../src/wasm/failed-start.ts';

async function foundOn(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await foundAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a.wasm`);
  } finally {
    server.close();
  }
}

it('says what is found where a .wasm file was looked for', async () => {
  expect(await foundOn((_, response) => response.writeHead(404).end('none'))).toBe('answers 404');
  expect(
    await foundOn((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'),
    ),
  ).toBe('answers with text/html, which is not WebAssembly');
  expect(await foundOn((_, response) => response.end('<!doctype html>'))).toMatch(/a file of no type/);
  expect(await foundOn((_, response) => response.end(Buffer.from([0, 97, 115, 109, 1, 0, 0, 0])))).toMatch(
    /wasm-unsafe-eval/,
  );
  expect(await foundOn((request) => request.socket.destroy())).toMatch(/^cannot be fetched \(/);
});

it('registerTrainingKernels tells a backend that did not start from one that was not tried', () => {
  const script = `
    import * as tf from '@tensorflow/tfjs';
    import { registerTrainingKernels, setWasmPaths } from 'model-patching/wasm';
    const attempt = () => { try { registerTrainingKernels(); return 'registered'; } catch ({ message }) { return message; } };
    const before = attempt();
    setWasmPaths('/nowhere/');
    console.warn = () => {};
    const started = await tf.setBackend('wasm');
    const after = attempt();
    // This starts another backend without a word.
    await tf.ready();
    console.log(JSON.stringify({ before, started, after, elsewhere: tf.getBackend(), then: attempt() }));
  `;
  const out = execFileSync(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', script],
    {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  expect(JSON.parse(out)).toEqual({
    before: 'registered',
    started: false,
    after: expect.stringMatching(/^The WebAssembly backend did not start: .* Call setWasmPaths of/),
    elsewhere: 'cpu',
    then: expect.stringMatching(/^The WebAssembly backend did not start: /),
  });
});
