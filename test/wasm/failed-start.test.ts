import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { explainFailedStart, failedStart } from '../../src/wasm/failed-start.ts';
import { registerTrainingKernels } from '../../src/wasm/register-training-kernels.ts';

const engine = tf.engine();
const URL_OF_FILE = 'http://localhost/assets/tfjs-backend-wasm-simd-d41d8cd9.wasm?v=1';
/** What tfjs's own start rejects with. */
const STOCK = { message: 'Make sure the server can serve the `.wasm` file relative to the bundled js file.' };

/** Lets the backend fail as in a browser that has made these requests; `listed` after so many looks at the list. */
function withRequests(requests: readonly object[], looks = 0): void {
  let left = looks;
  vi.spyOn(performance, 'getEntriesByType').mockImplementation(
    () => (left-- > 0 ? [] : requests) as PerformanceEntryList,
  );
}

/** Starts a backend that fails, and returns what tfjs printed. */
async function failing(): Promise<string> {
  engine.registryFactory['wasm'] = { factory: () => Promise.reject(STOCK as Error), priority: 2 };
  explainFailedStart();
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  expect(await tf.setBackend('wasm')).toBe(false);
  return warn.mock.calls.flat().join('\n');
}

describe('a backend that does not find its file', () => {
  const { factory, priority } = engine.registryFactory['wasm']!;
  beforeEach(() => {
    delete engine.registry['wasm'];
  });
  afterEach(() => {
    vi.restoreAllMocks();
    engine.registryFactory['wasm'] = { factory, priority };
  });

  it.each([
    [{ responseStatus: 404 }, /found status 404;/],
    [{ responseStatus: 200, contentType: 'text/html' }, /found status 200 and a page of HTML;/],
    [{ responseStatus: 200, contentType: '' }, /found status 200 and what does not start/],
    [{ responseStatus: 0 }, /found no answer that can be read;/],
    [{}, /found no answer that can be read;/],
  ])('says where it looked and what was there: %o', async (answer, expected) => {
    withRequests([
      { name: 'http://localhost/other.wasm', responseStatus: 201 },
      { name: URL_OF_FILE, ...answer },
      { name: 'http://localhost/later.wasm', responseStatus: 202 },
      { name: 'http://localhost/page?of=tfjs-backend-wasm', responseStatus: 203 },
    ]);
    const printed = await failing();
    for (const part of [`expected WebAssembly at ${URL_OF_FILE}, `, expected, /setWasmPaths/]) {
      expect(printed).toMatch(part);
      expect(registerTrainingKernels).toThrow(part);
    }
  });

  it('takes a file with a name of its own', async () => {
    withRequests([{ name: 'http://localhost/a1b2.wasm', responseStatus: 404 }]);
    expect(await failing()).toMatch('at http://localhost/a1b2.wasm, found status 404');
  });

  it('waits for a request that is listed late', async () => {
    withRequests([{ name: URL_OF_FILE, responseStatus: 404 }], 3);
    expect(await failing()).toMatch(URL_OF_FILE);
  });

  it('says where the URL stands if the list lacks it', async () => {
    withRequests([]);
    expect(await failing()).toMatch(/a URL that the list of requests .* setWasmPaths/);
  });

  it('is no obstacle after it has started', async () => {
    withRequests([{ name: URL_OF_FILE, responseStatus: 404 }]);
    await failing();
    expect(failedStart()).toBeInstanceOf(Error);
    expect((failedStart() as Error).cause).toBe(STOCK);
    const record = engine.registryFactory['wasm']!;
    record.factory = factory;
    expect(await tf.setBackend('wasm')).toBe(true);
    expect(failedStart()).toBeUndefined();
    registerTrainingKernels();
  });

  it('is explained once, however often it is asked for', () => {
    explainFailedStart();
    const explained = engine.registryFactory['wasm']!.factory;
    explainFailedStart();
    expect(engine.registryFactory['wasm']!.factory).toBe(explained);
  });
});

it('nobody has failed who was not asked', () => {
  expect(failedStart()).toBeUndefined();
});
