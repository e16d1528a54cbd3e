/**
 * Why tfjs's WebAssembly backend did not start. In a browser it fetches a `.wasm` file from a place that it guesses.
 * `tf.setBackend` answers a wrong guess with `false` and a warning that names no file.
 */
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';

const CURE =
  "Call setWasmPaths of 'model-patching/wasm' before tf.setBackend('wasm'), with the folder that holds the three .wasm files of @tensorflow/tfjs-backend-wasm/dist, and load the page anew. The lines for Vite, esbuild and a plain page are in docs/guide/browsers.md.";
/** The browser reports a file shortly after the backend has given up on it. */
const PATIENCE_MS = 1000;
const MAGIC = [0x00, 0x61, 0x73, 0x6d];

const isWasm = (bytes: Uint8Array): boolean => MAGIC.every((byte, i) => bytes[i] === byte);

/** What is found where a `.wasm` file was looked for, as the end of a sentence that begins with the address. */
export async function foundAt(url: string): Promise<string> {
  try {
    const response = await fetch(url, { credentials: 'same-origin' });
    if (!response.ok) return `answers ${response.status}`;
    if (isWasm(new Uint8Array(await response.arrayBuffer())))
      return "is WebAssembly, which this page may not run (a content security policy needs 'wasm-unsafe-eval')";
    return `answers with ${response.headers.get('content-type') ?? 'a file of no type'}, which is not WebAssembly`;
  } catch (error) {
    return `cannot be fetched (${error instanceof Error ? error.message : String(error)})`;
  }
}

/** Listens for the `.wasm` files that the page fetches. */
function observeFiles(): { readonly first: () => Promise<string | undefined>; readonly stop: () => void } {
  let found: (url: string) => void;
  const seen = new Promise<string>((resolve) => (found = resolve));
  const observer = new PerformanceObserver((list) => {
    for (const { name } of list.getEntries()) if (/\.wasm([?#]|$)/.test(name)) found(name);
  });
  observer.observe({ type: 'resource' });
  const patience = (): Promise<undefined> =>
    new Promise((resolve) => setTimeout(() => resolve(undefined), PATIENCE_MS));
  return { first: () => Promise.race([seen, patience()]), stop: () => observer.disconnect() };
}

type Files = ReturnType<typeof observeFiles>;

async function explanation(error: unknown, files: Files | undefined): Promise<string> {
  const url = await files?.first();
  const reason = error instanceof Error ? error.message : 'its .wasm file could not be loaded';
  return `The WebAssembly backend did not start: ${url === undefined ? reason : `${url} ${await foundAt(url)}`}. ${CURE}`;
}

let failure: string | undefined;

/** Why the backend did not start when it was last tried; undefined if it did, or was not tried. */
export const failedStart = (): string | undefined => failure;

type Factory = () => tf.KernelBackend | Promise<tf.KernelBackend>;

async function explainedStart(start: Factory): Promise<tf.KernelBackend> {
  const files = tf.env().getBool('IS_BROWSER') ? observeFiles() : undefined;
  failure = undefined;
  try {
    return await start();
  } catch (error) {
    failure = await explanation(error, files);
    throw new Error(failure, { cause: error });
  } finally {
    files?.stop();
  }
}

/** Lets the backend say why, in tfjs's own warning and through {@link failedStart}, whenever it does not start. */
export function watchStart(): void {
  const entry = tf.engine().registryFactory.wasm;
  if (!entry) return;
  const start = entry.factory;
  entry.factory = () => explainedStart(start);
}
