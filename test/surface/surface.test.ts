import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { LISTING, printSurface, publicSurface, type Entry } from './surface.ts';

/** Lines that one of two texts has and the other has not, as a diff writes them. */
function differingLines(before: string, after: string): readonly string[] {
  const [old, current] = [before.split('\n'), after.split('\n')];
  return [
    ...old.filter((line) => !current.includes(line)).map((line) => `- ${line}`),
    ...current.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ];
}

/** Names of several entries, or of one several times, each with what exports it. */
const repeated = (entries: readonly Entry[]): readonly string[] => {
  const homes = new Map<string, string[]>();
  for (const { specifier, names } of entries)
    for (const { name } of names) homes.set(name, [...(homes.get(name) ?? []), specifier]);
  return [...homes].flatMap(([name, of]) => (of.length > 1 ? [`${name}: ${of.join(', ')}`] : []));
};

/** Names that programs outside of this repository rely on, by the design's list of them. */
const RELIED_ON: Readonly<Record<string, string>> = {
  'model-patching':
    'camelConsistency jensenShannonConsistency klConsistency reverseKlConsistency consistencyPenalty groupDro groupTable groupLosses groupBatches erm groupBalanced worstGroup vrex cvar chiSquare invarianceRiskPenalty crossEntropy probabilityCrossEntropy valueAndGradients adversarialLosses cycleLoss identityLoss gradientPenalty publishedGenerator publishedDiscriminator unetGenerator resnetGenerator patchDiscriminator smallCnn multilayerPerceptron resnet50 cycleganStep robustStep train groupReport',
  'model-patching/data': 'decodeImage encodePng encodeExample encodeTfRecords describeTable',
  'model-patching/wasm': 'registerTrainingKernels',
  'model-patching/node': 'selectBackend compileStep openDataset loadWeights',
};

describe('the public surface', () => {
  let entries: readonly Entry[] = [];
  beforeAll(() => {
    entries = publicSurface();
  });

  it('is what test/surface/surface.md lists', () => {
    const [listed, current] = [readFileSync(LISTING, 'utf8'), printSurface(entries)];
    expect(differingLines(listed, current), 'npm run surface writes the page anew').toEqual([]);
    expect(current === listed, 'the order of the names differs; npm run surface writes the page anew').toBe(
      true,
    );
  });

  it('has no name twice', () => {
    expect(repeated(entries)).toEqual([]);
    const names = [{ name: 'accuracy', signature: '' }];
    expect(
      repeated([
        { specifier: 'a', names },
        { specifier: 'b', names },
      ]),
    ).toEqual(['accuracy: a, b']);
  });

  it('has the names that are relied on', () => {
    for (const [specifier, names] of Object.entries(RELIED_ON)) {
      const present = entries.find((entry) => entry.specifier === specifier)!.names.map(({ name }) => name);
      expect(
        names.split(' ').filter((name) => !present.includes(name)),
        specifier,
      ).toEqual([]);
    }
  });
});

describe('lines that differ', () => {
  it('are those of one text only', () => {
    expect(differingLines('a\nb\nc', 'a\nc\nd')).toEqual(['- b', '+ d']);
    expect(differingLines('a\nb', 'b\na')).toEqual([]);
  });
});
