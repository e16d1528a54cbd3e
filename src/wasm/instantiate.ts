/** Functions of ours on the memory of tfjs's WebAssembly backend. */

export type WasmFunction = (...operands: number[]) => void;

/** The functions on this memory, by name; undefined where WebAssembly lacks one of the instructions. */
export function instantiate(
  memory: WebAssembly.Memory,
  bytesFor: (shared: boolean) => Uint8Array<ArrayBuffer>,
): Record<string, WasmFunction> | undefined {
  const shared = typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
  const bytes = bytesFor(shared);
  if (!WebAssembly.validate(bytes)) return undefined;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { backend: { memory } });
  return exports as Record<string, WasmFunction>;
}
