// Checks that the main job has written everything that the README promises: `node .ci/check-experiment.mjs FOLDER`.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import assert from 'node:assert/strict';

const folder = process.argv[2];
const read = (file) => readFileSync(join(folder, file), 'utf8');
const share = (value) => typeof value === 'number' && value >= 0 && value <= 1;

const { format, seeds, summary } = JSON.parse(read('results.json'));
assert.equal(format, 2);
for (const { seed, stage1, methods } of seeds) {
  for (const { name, flipRate, labelPreservation, cycleError, gateClassifierAccuracy } of stage1) {
    for (const measure of [flipRate, labelPreservation])
      assert(share(measure.toSource) && share(measure.toTarget), name);
    assert(share(cycleError) && share(gateClassifierAccuracy), name);
    const translations = readdirSync(join(folder, `seed-${seed}`, name, 'translations'));
    for (const each of translations) {
      const groups = readdirSync(join(folder, `seed-${seed}`, name, 'translations', each, 'train'));
      assert.equal(groups.length, 8);
    }
    assert.equal(translations.length, 1);
  }
  for (const method of ['erm', 'group-dro', 'camel']) {
    const { groups, worstGroup, average, groupAverage, gap, steps, seconds } = methods[method];
    assert.equal(groups.length, 4);
    for (const { name, count, accuracy, interval, loss } of groups) {
      assert(
        name &&
          count > 0 &&
          share(accuracy) &&
          interval[0] <= accuracy &&
          accuracy <= interval[1] &&
          loss >= 0,
        `${method} ${name}`,
      );
    }
    assert.equal(worstGroup.accuracy, Math.min(...groups.map(({ accuracy }) => accuracy)));
    assert([average, groupAverage, gap].every(share) && steps > 0 && seconds > 0);
    const run = join(`seed-${seed}`, method);
    assert(read(join(run, 'metrics.jsonl')).trim().split('\n').length >= steps);
    assert(readdirSync(join(folder, run, 'checkpoints')).length > 0);
    assert(read(join(run, 'report.html')).includes('</html>'));
  }
}
assert.deepEqual(Object.keys(summary), ['erm', 'group-dro', 'camel']);
assert(read('report.html').includes('</html>'));
process.stdout.write(`${folder}: complete\n`);
