/**
 * WebGPU under Node: Dawn, the implementation that Chromium uses, through the package `webgpu`, under tfjs's WebGPU
 * backend. The device is asked for here instead of by tfjs. WebGPU by itself says nothing of a lost device or of errors
 * of its queue. Here they end in an error of the next operation or read, not in zeros.
 */
import * as tf from '@tensorflow/tfjs';
import { ProgramError } from '../system/program.ts';
import { firstLine, importInstalled, makeCurrent, OTHER_CURE, Refusal } from './refusal.ts';

const PACKAGES = 'with a GPU: npm install webgpu@0.6 @tensorflow/tfjs-backend-webgpu@4.22.0';
const DRIVER =
  process.platform === 'linux'
    ? 'with a GPU: install its Vulkan driver and loader (Debian, Ubuntu: libvulkan1)'
    : 'with a GPU: install its driver';

interface AdapterInfo {
  readonly description: string;
  readonly device: string;
  readonly vendor: string;
  readonly isFallbackAdapter?: boolean;
}

interface Device {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  addEventListener(
    type: 'uncapturederror',
    listener: (event: { readonly error: { readonly message: string } }) => void,
  ): void;
  destroy(): void;
}

interface Adapter {
  readonly info: AdapterInfo;
  readonly features: { has(name: string): boolean };
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(descriptor: {
    readonly requiredFeatures: readonly string[];
    readonly requiredLimits: Readonly<Record<string, number>>;
  }): Promise<Device>;
}

interface Gpu {
  requestAdapter(options: { readonly powerPreference: 'high-performance' }): Promise<Adapter | null>;
}

interface WebGpuBackend extends tf.KernelBackend {
  runWebGPUProgram(...program: unknown[]): tf.TensorInfo;
}

/** {@link startWebGpu} takes these options. */
export interface StartWebGpuOptions {
  /** Whether an adapter that computes on the CPU, far slower than the native backend, will do. */
  readonly software: boolean;
}

/** Dawn prints a warning of its own where it misses the loader, so it is looked for first. */
function refuseWithoutVulkanLoader(): void {
  if (process.platform !== 'linux') return;
  const library = 'libvulkan.so.1';
  try {
    process.dlopen({ exports: {} }, library);
  } catch (error) {
    // A library that is no Node addon loads, and is refused as one afterwards.
    if (/cannot open shared object file/.test(firstLine(error)))
      throw new Refusal(`no Vulkan loader (${library}) is found`, DRIVER);
  }
}

const isSoftware = ({ isFallbackAdapter, description, device, vendor }: AdapterInfo): boolean =>
  isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe/i.test(`${description} ${device} ${vendor}`);

const describe = (info: AdapterInfo): string =>
  [info.device.replace(/-+$/, ''), info.description].filter((part) => part !== '').join(', ') || 'GPU';

async function suitableAdapter(gpu: Gpu, { software }: StartWebGpuOptions): Promise<Adapter> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Refusal('no graphics adapter is found', DRIVER);
  if (isSoftware(adapter.info) && !software)
    throw new Refusal(
      `only a software adapter is found (${describe(adapter.info)})`,
      `${DRIVER}; --backend webgpu takes the software adapter, far slower than wasm`,
    );
  return adapter;
}

/** What tfjs's kernels may use, as tfjs itself would ask for it, and more buffers to a kernel: `addN` of eight tensors binds nine. */
async function requestDevice(adapter: Adapter): Promise<Device> {
  const limits = [
    'maxComputeWorkgroupStorageSize',
    'maxComputeWorkgroupsPerDimension',
    'maxStorageBufferBindingSize',
    'maxStorageBuffersPerShaderStage',
    'maxBufferSize',
    'maxComputeWorkgroupSizeX',
    'maxComputeInvocationsPerWorkgroup',
  ];
  try {
    return await adapter.requestDevice({
      requiredFeatures: ['timestamp-query', 'bgra8unorm-storage'].filter((name) =>
        adapter.features.has(name),
      ),
      requiredLimits: Object.fromEntries(limits.map((name) => [name, adapter.limits[name]!])),
    });
  } catch (error) {
    throw new Refusal(`${describe(adapter.info)} gives no device: ${firstLine(error)}`, OTHER_CURE);
  }
}

/** tfjs looks for `navigator.gpu` when its backend is made, and only then. */
function withNavigatorGpu<A>(gpu: Gpu, make: () => A): A {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  try {
    return make();
  } finally {
    Reflect.deleteProperty(globalThis, 'navigator');
    if (before !== undefined) Object.defineProperty(globalThis, 'navigator', before);
  }
}

const CURE = 'run the same command again: a run goes on from its last checkpoint';

/** tfjs reads without waiting by way of a canvas, which Node has not. */
function refuseWaitlessReads(backend: WebGpuBackend): void {
  const { readSync } = backend;
  backend.readSync = (dataId) => {
    try {
      return readSync.call(backend, dataId);
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      throw new Error(
        'backend webgpu: dataSync, arraySync and operations that need them cannot read from the GPU under Node; await data() or array()',
        { cause: error },
      );
    }
  };
}

/** Lets every operation and read throw once the device is lost or has reported an error. */
function watch(backend: WebGpuBackend, device: Device): void {
  let failure: ProgramError | undefined;
  const lost = device.lost.then(({ reason, message }) => {
    failure = new ProgramError(
      `backend webgpu: the GPU device was lost (${reason}: ${firstLine(message)}); ${CURE}, and if it is lost again, take smaller batches, another driver or another backend`,
      1,
    );
  });
  device.addEventListener('uncapturederror', ({ error }) => {
    failure ??= new ProgramError(
      `backend webgpu: the GPU reports an error (${firstLine(error.message)}); take smaller batches or another backend, then ${CURE}`,
      1,
    );
  });
  const { read, runWebGPUProgram } = backend;
  backend.runWebGPUProgram = (...program) => {
    if (failure !== undefined) throw failure;
    return runWebGPUProgram.apply(backend, program);
  };
  backend.read = async (dataId) => {
    try {
      const values = await read.call(backend, dataId);
      if (failure === undefined) return values;
    } catch (error) {
      // The read of a lost device may be refused before the loss is reported.
      await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
      if (failure === undefined) throw error;
    }
    throw failure;
  };
}

/**
 * Starts WebGPU on the fastest adapter.
 *
 * @returns The adapter.
 * @throws Refusal
 */
export async function startWebGpu(options: StartWebGpuOptions): Promise<string> {
  const dawn = await importInstalled('webgpu', PACKAGES);
  if (typeof dawn['create'] !== 'function') throw new Refusal('webgpu has no function create', PACKAGES);
  const { WebGPUBackend } = (await importInstalled('@tensorflow/tfjs-backend-webgpu', PACKAGES)) as {
    WebGPUBackend: new (device: Device, info: AdapterInfo) => WebGpuBackend;
  };
  refuseWithoutVulkanLoader();
  const gpu = (dawn['create'] as (flags: readonly string[]) => Gpu)([]);
  const adapter = await suitableAdapter(gpu, options);
  Object.assign(globalThis, dawn['globals']);
  const device = await requestDevice(adapter);
  const backend = withNavigatorGpu(gpu, () => new WebGPUBackend(device, adapter.info));
  // Dawn ends, under a device in use, with the last reference to what it made first.
  Object.assign(backend, { gpu });
  watch(backend, device);
  refuseWaitlessReads(backend);
  if (tf.findBackendFactory('webgpu') !== null) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => backend);
  await makeCurrent('webgpu');
  return `${isSoftware(adapter.info) ? 'software adapter: ' : ''}${describe(adapter.info)}`;
}
