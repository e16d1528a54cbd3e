/** Inputs of one decoder after the other in this process, with time and memory of each. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Decoder } from './decoder.ts';
import { inputOf, runOne, type Outcome } from './input.ts';
import { canMeasure, collect, externalBytes, residentBytes, restartPeak } from './memory.ts';

/** Which inputs of which decoder. */
export interface Job {
  readonly decoder: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Only writes the inputs to files, for inputs that end the process. */
  readonly isWritten?: boolean;
}

/** An input for which something does not hold. */
export interface Failure {
  readonly decoder: string;
  readonly input: number;
  readonly what: string;
  /** Where the input was written. */
  readonly file: string;
}

/** What a job came to. */
export interface Summary {
  readonly decoder: string;
  readonly inputs: number;
  readonly refused: number;
  /** Real files, and how many of them are values as they are. */
  readonly files: number;
  readonly accepted: number;
  /** Seconds of the processor, those of making inputs and measuring included. */
  readonly seconds: number;
  /** The longest time of an input, in milliseconds. */
  readonly slowest: number;
  /** Its number. */
  readonly slowestInput: number;
  /** Most resident memory above what there was before, in bytes; garbage of other inputs counts. */
  readonly peak: number;
}

/** Milliseconds that an input may take. */
export const LONGEST = 1000;
/** Bytes that an input may take beside four times its own. */
export const ROOM = 64 * 2 ** 20;
const BATCH = 200;
/** Bytes outside of the heap beyond which garbage is collected between inputs. */
const MUCH = 2 ** 24;

/** An image that is accepted has as many pixels as it says, of up to eight bytes as they are stored. */
const allowed = (file: Uint8Array, value: number): number => 4 * file.length + ROOM + 8 * value;

/** The job's surroundings. */
export interface JobPlace {
  /** An empty folder for what decoders read from the disk. */
  readonly scratch: string;
  /** Where failing inputs are written. */
  readonly failures: string;
  /** Told before each input. */
  readonly note: (input: number) => void;
  readonly onFailure: (failure: Failure) => void;
}

interface Timed extends Outcome {
  readonly milliseconds: number;
}

/** Runs an input with its time; one that seems slow is run again, for the machine may have been busy. */
async function timed(decoder: Decoder, file: Uint8Array, scratch: string): Promise<Timed> {
  const measure = async (): Promise<Timed> => {
    const [began, cpu] = [performance.now(), process.cpuUsage()];
    const outcome = await runOne(decoder, file, join(scratch, 'input'));
    const { user, system } = process.cpuUsage(cpu);
    return { ...outcome, milliseconds: Math.min(performance.now() - began, (user + system) / 1000) };
  };
  const first = await measure();
  if (first.milliseconds <= LONGEST) return first;
  const again = [first, await measure(), await measure()];
  return again.reduce((fastest, next) => (next.milliseconds < fastest.milliseconds ? next : fastest));
}

/** The most memory that an input takes above what was there before, alone and without others' garbage. */
async function peakOf(
  decoder: Decoder,
  file: Uint8Array,
  scratch: string,
): Promise<{ readonly peak: number; readonly value: number }> {
  // Buffers of what is collected are given back by another thread; a second time waits for it.
  collect();
  await setImmediate();
  collect();
  const [before, outside] = [residentBytes().now, externalBytes()];
  restartPeak();
  const { valueBytes, external } = await runOne(decoder, file, join(scratch, 'input'));
  const peak = Math.max(residentBytes().peak - before, external - outside);
  return { peak, value: valueBytes };
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** The file of an input. */
export const pathOf = (failures: string, decoder: string, seed: number, input: number): string =>
  join(failures, `${decoder}-seed-${seed}-input-${input}.bin`);

/** Writes inputs to files and runs none. */
export async function writeInputs(
  decoder: Decoder,
  { seed, from, to }: Job,
  failures: string,
): Promise<void> {
  const files = await decoder.files();
  for (let input = from; input < to; input++)
    writeFileSync(pathOf(failures, decoder.name, seed, input), inputOf(decoder, files, seed, input));
}

/** Seconds of the processor since a moment. */
function secondsSince(then: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(then);
  return (user + system) / 1e6;
}

/** How many of the real files are values as they are. */
async function acceptedOf(decoder: Decoder, files: readonly Uint8Array[], scratch: string): Promise<number> {
  let accepted = 0;
  for (const file of files) {
    const { fault, isRefused } = await runOne(decoder, file, join(scratch, 'input'));
    if (fault === undefined && !isRefused) accepted++;
  }
  return accepted;
}

/**
 * Runs a job.
 *
 * @param decoder Which one.
 * @param job Its inputs.
 * @param place Folders, and what hears of failures.
 */
export async function runJob(decoder: Decoder, { seed, from, to }: Job, place: JobPlace): Promise<Summary> {
  const { scratch, failures, note, onFailure } = place;
  const files = await decoder.files();
  const isMeasured = canMeasure();
  const cpu = process.cpuUsage();
  let [refused, slowest, slowestInput, highest] = [0, 0, from, 0];
  const fail = (input: number, what: string, file: Uint8Array): void => {
    const path = pathOf(failures, decoder.name, seed, input);
    writeFileSync(path, file);
    onFailure({ decoder: decoder.name, input, what, file: path });
  };
  const judgeMemory = async (input: number): Promise<void> => {
    const file = inputOf(decoder, files, seed, input);
    note(input);
    const { peak, value } = await peakOf(decoder, file, scratch);
    if (peak > allowed(file, value))
      fail(input, `${megabytes(peak)} of memory for ${file.length} bytes`, file);
  };
  const accepted = await acceptedOf(decoder, files, scratch);
  for (let first = from; first < to; first += BATCH) {
    const last = Math.min(to, first + BATCH);
    collect();
    const before = residentBytes().now;
    restartPeak();
    const suspects = new Set<number>();
    for (let input = first; input < last; input++) {
      const file = inputOf(decoder, files, seed, input);
      note(input);
      // Garbage of large inputs is not left for the next ones.
      if (externalBytes() > MUCH) collect();
      const outside = externalBytes();
      const { fault, isRefused, external, milliseconds } = await timed(decoder, file, scratch);
      if (fault !== undefined) fail(input, fault, file);
      if (milliseconds > LONGEST) fail(input, `${milliseconds.toFixed(0)} ms`, file);
      if (external - outside > ROOM) suspects.add(input);
      if (milliseconds > slowest) [slowest, slowestInput] = [milliseconds, input];
      refused += isRefused ? 1 : 0;
    }
    // The peak of all of them bounds that of each: only where it is too high, each is measured alone.
    const peak = residentBytes().peak - before;
    highest = Math.max(highest, peak);
    const judged = peak > ROOM ? Array.from({ length: last - first }, (_, i) => first + i) : [...suspects];
    if (isMeasured) for (const input of judged) await judgeMemory(input);
  }
  return {
    decoder: decoder.name,
    inputs: to - from,
    refused,
    files: files.length,
    accepted,
    seconds: secondsSince(cpu),
    slowest,
    slowestInput,
    peak: isMeasured ? highest : Number.NaN,
  };
}
