import { describe, expect, it } from 'vitest';
import { cases, fault, load, textOf } from './published-cases.ts';

describe('the stage-1 results of CAMEL', () => {
  it.each(cases.filter(({ config }) => config.includes('camel')).map((each) => [each.config, each] as const))(
    '%s',
    async (_, published) => {
      const ids = [...new Set(published.staticTrain.flat().map(({ runId }) => runId))];
      const stage1 = Object.fromEntries(
        ids.map((id, i) => [
          id,
          i === 0
            ? { kind: 'run' as const, path: `runs/${id}` }
            : { kind: 'folder' as const, path: '${DATA}/t' },
        ]),
      );
      const { experiment, notices } = await load(textOf(published), stage1);
      if (experiment.kind !== 'stage-2' || experiment.method.kind !== 'camel')
        throw new Error('CAMEL expected');
      const { translations } = experiment.method;
      const first = published.staticTrain[0]![0]!;
      expect(translations).toMatchObject({
        mode: 'published',
        batchSize: first.batchSize,
        format: { kind: first.inputShape === undefined ? 'png' : 'jpeg' },
        evaluationSplits: true,
      });
      expect(translations.sources.map(({ classes }) => classes)).toEqual(
        ids.length === 1 ? ['all'] : [[0], [1]],
      );
      expect(translations.sources[0]!.from).toEqual({
        kind: 'run',
        path: `runs/${ids[0]}`,
        checkpoint: first.checkpointStep === -1 ? 'last' : first.checkpointStep,
      });
      if (ids.length > 1)
        expect(translations.sources[1]!.from).toEqual({ kind: 'folder', path: '${DATA}/t' });
      expect(notices.join()).not.toContain('--stage1');
      const unmapped = await load(textOf(published));
      expect(unmapped.notices.filter((line) => line.includes(`--stage1 ${ids[0]}=`))).toHaveLength(1);
      expect(unmapped.roots).toContain('RUNS');
      expect(await fault(textOf(published), { [`${ids[0]}x`]: { kind: 'run', path: 'x' } })).toContain(
        `did you mean "${ids[0]}"?`,
      );
    },
  );
});
