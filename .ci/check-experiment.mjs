// Checks that the main job has written everything that the README promises: `node .ci/check-experiment.mjs FOLDER`.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import assert from 'node:assert/strict';

const folder = process.argv[2];
const read = (file) => readFileSync(join(folder, file), 'utf8');
const share = (value) => typeof value === 'number' && value >= 0 && value <= 1;

const results = JSON.parse(read('results.json'));
for (const measure of ['flipRate', 'labelPreservation']) {
  for (const direction of ['toSource', 'toTarget'])
    assert(share(results.stage1[measure][direction]), `stage1.${measure}.${direction}`);
}
assert(share(results.stage1.cycleError) && share(results.stage1.gateClassifierAccuracy));
for (const method of ['erm', 'gdro', 'camel']) {
  const { groups, worstGroup, average, groupAverage, gap, steps, seconds } = results.methods[method];
  assert.equal(groups.length, 4);
  for (const { name, count, accuracy, interval, loss } of groups) {
    assert(
      name && count > 0 && share(accuracy) && interval[0] <= accuracy && accuracy <= interval[1] && loss >= 0,
      `${method} ${name}`,
    );
  }
  assert.equal(worstGroup.accuracy, Math.min(...groups.map(({ accuracy }) => accuracy)));
  assert([average, groupAverage, gap].every(share) && steps > 0 && seconds > 0);
  assert(read(`runs/${method}/metrics.jsonl`).trim().split('\n').length >= steps);
  assert(readdirSync(join(folder, 'runs', method, 'checkpoints')).length > 0);
}
assert(read('report.html').includes('</html>'));
assert.equal(readdirSync(join(folder, 'translations')).length, 8);
process.stdout.write(`${folder}: complete\n`);
