/**
 * Why tfjs's WebAssembly backend has not started. tfjs itself guesses where the backend's file is, and does not say
 * where it looked: `tf.setBackend` answers `false`, and `tf.ready` goes on with another backend, however slow. The
 * browser's list of requests has the URL and the answer.
 */
import * as tf from '@tensorflow/tfjs';

const CURE =
  "call setWasmPaths of '@tensorflow/tfjs-backend-wasm' with where its .wasm files are, before tf.setBackend('wasm'): " +
  'see "In a browser" in docs/backends.md';

/** One request of the page, as far as the browser tells. */
interface Request {
  readonly name: string;
  readonly responseStatus?: number;
  /** Not told by every browser. */
  readonly contentType?: string;
}

/** The last request for the backend's file; files may have names of their own. */
function lastRequest(): Request | undefined {
  const requests: readonly Request[] = performance.getEntriesByType('resource');
  const files = requests.filter(({ name }) => /^[^?#]*\.wasm([?#]|$)/.test(name));
  return files.filter(({ name }) => name.includes('tfjs-backend-wasm')).at(-1) ?? files.at(-1);
}

/** A browser lists a request some time after its answer has come. */
async function listedRequest(): Promise<Request | undefined> {
  for (let wait = 0; wait < 10 && lastRequest() === undefined; wait++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return lastRequest();
}

function found({ responseStatus: status, contentType }: Request): string {
  if (status === undefined || status === 0) return 'no answer that can be read';
  if (status >= 300) return `status ${status}`;
  if (contentType === 'text/html') return `status ${status} and a page of HTML`;
  return `status ${status} and what does not start: other content, or WebAssembly that the page's security policy forbids`;
}

function explanation(request: Request | undefined): string {
  const where =
    request?.name ?? 'a URL that the list of requests in the developer tools of the browser shows';
  const what = request ? `, found ${found(request)}` : '';
  return `The wasm backend has not started: expected WebAssembly at ${where}${what}; ${CURE}.`;
}

/** Backends by the record of tfjs that starts them, and why they did not. */
const failures = new WeakMap<object, Error>();
const explained = new WeakSet<object>();

const registration = () => tf.engine().registryFactory['wasm'];

/** Lets the backend fail with the URL and the cure, instead of tfjs's message without either. */
export function explainFailedStart(): void {
  const record = registration();
  if (!record || explained.has(record)) return;
  explained.add(record);
  const start = record.factory;
  record.factory = async () => {
    try {
      return await start();
    } catch (cause) {
      const failure = new Error(explanation(await listedRequest()), { cause });
      failures.set(record, failure);
      throw failure;
    }
  };
}

/** Why the backend was asked for and is not there; undefined if it runs, or nobody has asked for it. */
export function failedStart(): Error | undefined {
  const record = registration();
  return record && !('wasm' in tf.engine().registry) ? failures.get(record) : undefined;
}
