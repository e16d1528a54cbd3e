/**
 * How much memory a piece of work takes at most. Linux keeps the peak of a process's resident pages (VmHWM) and sets it
 * back when it is asked to (`clear_refs`), so that heap, array buffers, zlib and native memory all count. Arrays that
 * were reserved and never touched have no pages: V8's count of external memory has those.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';

const STATUS = '/proc/self/status';

const field = (status: string, name: string): number =>
  1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN);

function setPeakBack(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return true;
  } catch {
    return false;
  }
}

/** Bytes of resident memory; NaN where the system does not tell. */
export function residentBytes(): { readonly now: number; readonly peak: number } {
  try {
    const status = readFileSync(STATUS, 'utf8');
    return { now: field(status, 'VmRSS'), peak: field(status, 'VmHWM') };
  } catch {
    return { now: Number.NaN, peak: Number.NaN };
  }
}

/** Bytes outside of V8's heap that its objects hold, garbage included. */
export const externalBytes = (): number => getHeapStatistics().external_memory;

/** Collects garbage; the process was started with `--expose-gc`. */
export const collect = (): void => (globalThis as { gc?: () => void }).gc?.();

/** Whether the peak can be measured here. */
export const canMeasure = (): boolean => setPeakBack() && !Number.isNaN(residentBytes().peak);

/** Begins to measure the peak anew. */
export const restartPeak = (): void => void setPeakBack();
