/**
 * Which wheels of the Python registry hold TensorFlow's libraries, and the hashes of those that were tried. The
 * binding calls the C interface alone, so a wheel for any Python serves; one tag keeps it to one file a version.
 *
 * Hashes and sizes: as https://pypi.org/simple/tensorflow-cpu/ and …/tensorflow/ list them (November 2026).
 */

/** A wheel by its file, as the registry lists it. */
export interface PinnedWheel {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** The version that is installed unless another one is asked for. */
export const DEFAULT_VERSION = '2.15.1';

/** The tag of the Python whose wheel is fetched, whatever Python fetches it: versions 2.12 to 2.21 all have it. */
export const WHEEL_PYTHON = { version: '3.11', abi: 'cp311' } as const;

/** Older tools take the last one only, which is that of the default version. */
export const WHEEL_PLATFORMS = ['manylinux_2_27_x86_64', 'manylinux_2_17_x86_64', 'manylinux2014_x86_64'];

const OLD = 'manylinux_2_17_x86_64.manylinux2014_x86_64.whl';
const NEW = 'manylinux_2_27_x86_64.whl';

/** Name, platforms, SHA-256 and bytes. */
const REGISTERED = `
  tensorflow_cpu-2.15.1-cp311-cp311 ${OLD} 54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26 207208420
  tensorflow_cpu-2.15.1-cp310-cp310 ${OLD} ba9503db2c5357ea21938555323581fbdabf3d051b6bc1b5f73c5b0ae034d077 207165286
  tensorflow_cpu-2.15.1-cp39-cp39 ${OLD} 102b27b17e5f6023886b0cb07835af56cd135b845c1b92e597018ba77e54e480 207164138
  tensorflow_cpu-2.21.0-cp311-cp311 ${NEW} 2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c 273829956
  tensorflow-2.15.1-cp311-cp311 ${OLD} bb0edd69103c154245c5f209f0507355cc68ba7e4de350084bc31edc562478e4 475258663
  tensorflow-2.15.1-cp310-cp310 ${OLD} ea290e435464cf0794f657b48786e5fa413362abe55ed771c172c25980d070ce 475215357
  tensorflow-2.15.1-cp39-cp39 ${OLD} 89b5aa1022dec47e567512eaf4e1271b8e6c1ff1984e30d0d9127bd1093ed4c5 475214135
`;

const PINNED: readonly PinnedWheel[] = Array.from(
  REGISTERED.matchAll(/(\S+) (\S+) (\w{64}) (\d+)/g),
  ([, name, platforms, sha256, bytes]) => ({
    file: `${name}-${platforms}`,
    sha256: sha256!,
    bytes: Number(bytes),
  }),
);

/** The registry's project that has the libraries. */
export const wheelProject = (gpu: boolean): string => (gpu ? 'tensorflow' : 'tensorflow-cpu');

/** What is known of a wheel by its file name. */
export const pinnedWheel = (file: string): PinnedWheel | undefined =>
  PINNED.find((wheel) => wheel.file === file);

/** The wheel that will be fetched for a version, if it is one of those that are known. */
export const wheelToFetch = (gpu: boolean, version: string): PinnedWheel | undefined =>
  PINNED.find(({ file }) =>
    file.startsWith(`${wheelProject(gpu).replace('-', '_')}-${version}-${WHEEL_PYTHON.abi}-`),
  );

/**
 * Disk space for one wheel and what is unpacked of it, with what the package and the binding need. The libraries
 * are three times as large as the wheel (2.15.1: 614 of 207 MB, 2.21.0: 853 of 274 MB).
 *
 * @param wheelBytes Size of the wheel; 0 where the libraries are used where they are.
 * @returns Bytes.
 */
export const spaceFor = (wheelBytes: number): number => Math.round(wheelBytes * 4.2) + 60_000_000;
