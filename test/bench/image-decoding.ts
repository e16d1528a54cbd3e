/**
 * How long image files take to be decoded, and whether memory grows:
 *
 *     node --conditions=source --import tsx --expose-gc test/bench/image-decoding.ts FILE …
 *
 * Every file is decoded 60 times before anything is timed. Then come seven rounds of 30, in processor time, of which the
 * fastest and the median are printed, and last 5,000 decodes of all files in turn.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { decodeImage } from '../../src/data/decode-image.ts';

const files = process.argv.slice(2).map((path) => ({ path, bytes: new Uint8Array(readFileSync(path)) }));

function decode({ path, bytes }: (typeof files)[number]): void {
  const decoded = decodeImage(bytes, { name: path });
  if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left));
}

function millisecondsOf(file: (typeof files)[number], times: number): number {
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) decode(file);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / times;
}

function resident(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 2 ** 20;
}

for (const file of files) {
  millisecondsOf(file, 60);
  const rounds = Array.from({ length: 7 }, () => millisecondsOf(file, 30)).sort((a, b) => a - b);
  console.log(`${basename(file.path)}: ${rounds[0]!.toFixed(2)} ms, median ${rounds[3]!.toFixed(2)} ms`);
}
const begun = resident();
for (let i = 0; i < 5000; i++) decode(files[i % files.length]!);
console.log(`resident: ${begun.toFixed(0)} MiB before 5,000 decodes, ${resident().toFixed(0)} MiB after`);
