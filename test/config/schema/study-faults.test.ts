import { describe, expect, it } from 'vitest';
import { CAMEL, ERM, faults, study, TOP } from './study-texts.ts';

describe('a study that is wrong says so in a line a fault', () => {
  const METHODS = 'settings by name of the method, e.g. { erm: { method: { kind: erm } } }';
  const SEEDS = 'a list of integers, at least one, each once';
  it.each([
    [
      'empty',
      '',
      [
        'study.yaml: expected settings, each on a line "name: value", found nothing; write settings, or copy a template',
      ],
    ],
    ['no methods', TOP, [`study.yaml:1:1: methods: expected ${METHODS}, found nothing; correct it`]],
    [
      'an empty map of methods',
      `${TOP}methods: {}\n`,
      [
        'study.yaml:5:10: methods: expected at least one method, or experiment of stage 1, found none; write e.g. methods: { erm: { method: { kind: erm } } }',
      ],
    ],
    [
      'a list of methods',
      `${TOP}methods: [1]\n`,
      [`study.yaml:5:10: methods: expected ${METHODS}, found [1]; correct it`],
    ],
    [
      'an empty method',
      `${TOP}methods: { erm: }\n`,
      ['study.yaml:5:17: methods.erm: expected a map of settings, found null; correct it'],
    ],
    [
      'a method of no kind',
      `${TOP}methods: { erm: {} }\n`,
      [
        'study.yaml:5:17: methods.erm.method: expected a map with a kind: erm | group-dro | camel, found nothing; correct it',
      ],
    ],
    [
      'an unknown key',
      `${TOP}sedes: [1]\n${ERM}`,
      [
        'study.yaml:5:1: sedes: expected no such key, found unknown key "sedes", did you mean "seeds"?; remove or rename it',
      ],
    ],
    [
      'an unknown key of a method',
      `${TOP}methods: { erm: { method: { kind: erm }, trainign: { steps: 3 } } }\n`,
      [
        'study.yaml:5:42: methods.erm.trainign: expected no such key, found unknown key "trainign", did you mean "training"?; remove or rename it',
      ],
    ],
    [
      'an unknown key of stage 1',
      `${TOP}stage-1: [{ trainign: {} }]\n${ERM}`,
      [
        'study.yaml:5:13: stage-1.0.trainign: expected no such key, found unknown key "trainign", did you mean "training"?; remove or rename it',
      ],
    ],
    [
      'a method twice',
      `${TOP}methods: { erm: {}, erm: {} }\n`,
      ['study.yaml:5:21: expected every key once, found "erm" again; remove one of them'],
    ],
    [
      'a method twice but for case',
      `${TOP}methods: { erm: { method: { kind: erm } }, ERM: { method: { kind: erm } } }\n`,
      [
        'study.yaml:5:44: methods.ERM: expected names that differ in more than case, found "erm" and "ERM"; rename one of them',
      ],
    ],
    [
      'reserved names',
      `${TOP}methods: { Translations: { method: { kind: erm } }, stage-1-b: { method: { kind: erm } } }\n`,
      [
        'study.yaml:5:12: methods.Translations: expected a name that is not "translations" and does not begin with "stage-1", found "Translations"; rename the method',
        'study.yaml:5:53: methods.stage-1-b: expected a name that is not "translations" and does not begin with "stage-1", found "stage-1-b"; rename the method',
      ],
    ],
    [
      'a name that is no folder',
      `${TOP}methods: { ../erm: { method: { kind: erm } } }\n`,
      [
        'study.yaml:5:12: methods.../erm: expected letters, digits, dots, underscores and hyphens, found "../erm"; rename the method',
      ],
    ],
    [
      'a method of the name of stage 1',
      `${TOP}stage-1: [{ name: Erm }]\n${ERM}`,
      [
        'study.yaml:6:12: methods.erm: expected names that differ in more than case, found "Erm" and "erm"; rename one of them',
      ],
    ],
    [
      'stage 1 twice',
      `${TOP}stage-1: [{ translation: { classes: [0] } }, { translation: { classes: [1] } }]\n${ERM}`,
      [
        'study.yaml:5:46: stage-1.1.name: expected a name of its own for each experiment of stage 1, found "stage-1" again; name it',
      ],
    ],
    [
      'a seed that is text',
      `${TOP}seeds: [0, x]\n${ERM}`,
      [`study.yaml:5:8: seeds: expected ${SEEDS}, found [0,"x"]; correct it`],
    ],
    [
      'a seed that is no integer',
      `${TOP}seeds: [0.5]\n${ERM}`,
      [`study.yaml:5:8: seeds: expected ${SEEDS}, found [0.5]; correct it`],
    ],
    [
      'a seed twice',
      `${TOP}seeds: [3, 3]\n${ERM}`,
      [`study.yaml:5:8: seeds: expected ${SEEDS}, found [3,3]; correct it`],
    ],
    [
      'no seed',
      `${TOP}seeds: []\n${ERM}`,
      [`study.yaml:5:8: seeds: expected ${SEEDS}, found []; correct it`],
    ],
    [
      'CAMEL without stage 1',
      `${TOP}${CAMEL}`,
      [
        'study.yaml:5:29: methods.camel.method.translations: expected experiments of stage 1 in the study, or true, identity or sources, found none; write stage-1, or say where the translations come from',
      ],
    ],
    [
      'CAMEL with other translations',
      `${TOP}methods: { camel: { method: { kind: camel, translations: stage-one } } }\n`,
      [
        'study.yaml:5:58: methods.camel.method.translations: expected stage-1, true, identity, or a map of settings, found "stage-one"; write one of these',
      ],
    ],
    [
      'a class without translations',
      `${TOP}stage-1: [{ translation: { classes: [0] } }]\n${CAMEL}`,
      [
        'study.yaml:5:10: stage-1: expected experiments that translate every class once, found 0 for class 1; set translation.classes of the experiments, or give the method translations of its own',
      ],
    ],
    [
      'a class translated twice',
      `${TOP}stage-1: [{ name: a }, { name: b, translation: { classes: [1] } }]\n${CAMEL}`,
      [
        'study.yaml:5:10: stage-1: expected experiments that translate every class once, found 2 for class 1; set translation.classes of the experiments, or give the method translations of its own',
      ],
    ],
    [
      'a fault of stage 1, which is not CAMEL’s',
      `${TOP}stage-1: [{ training: { steps: -3 } }]\n${CAMEL}`,
      [
        'study.yaml:5:32: stage-1.0.training.steps: expected an integer above 0, or null, found -3; correct it',
      ],
    ],
    [
      'one fault of what all methods have',
      `${TOP.replace('steps: 4', 'steps: 0')}methods: { erm: { method: { kind: erm } }, dro: { method: { kind: group-dro } } }\n`,
      ['study.yaml:4:61: stage-2.training.steps: expected an integer above 0, or null, found 0; correct it'],
    ],
    [
      'a part of another stage',
      `${TOP}methods: { erm: { kind: stage-1 } }\n`,
      [
        'study.yaml:5:25: methods.erm.kind: expected "stage-2" in this part of a study, found "stage-1"; extend an experiment of that stage',
      ],
    ],
    [
      'a label of no group',
      `${TOP}labels: { y0z2: even }\n${ERM}`,
      [
        'study.yaml:5:11: labels.y0z2: expected a group from y0z0 to y1z1, found "y0z2"; name a group that there is',
      ],
    ],
    [
      'a part that extends itself',
      `${TOP}methods: { erm: { extends: study.yaml } }\n`,
      [
        'study.yaml:5:28: extends: expected files that do not lead back to themselves, found study.yaml → study.yaml; take one of them out',
      ],
    ],
    [
      'a part that extends nothing',
      `${TOP}methods: { erm: { extends: none.yaml } }\n`,
      [
        'study.yaml:5:28: expected the file none.yaml, found none; correct the name, which is relative to that file',
      ],
    ],
    [
      'an experiment of one stage',
      'version: 1\nkind: stage-2\ndata: { kind: celeba }\nnetwork: { kind: small-cnn }\nmethod: { kind: erm }\n',
      [
        'study.yaml:2:7: kind: expected a study, found "stage-2"; run it with stage2, or make it a method of a study, which config template study shows',
      ],
    ],
    [
      'another version',
      `${TOP.replace('version: 1', 'version: 2')}${ERM}`,
      ['study.yaml:1:10: version: expected 1, found 2; correct it'],
    ],
    [
      'a name that leads elsewhere',
      `${TOP}name: ../x\n${ERM}`,
      [
        'study.yaml:5:7: name: expected letters, digits, dots, underscores and hyphens, found "../x"; correct it',
      ],
    ],
  ])('%s', async (_, text, lines) => {
    expect(await faults(text)).toEqual(lines);
  });

  it('a fault in a file that a part extends has the place in that file', async () => {
    const files = { 'erm.yaml': 'method: { kind: erm }\nsede: 1\n' };
    expect(await faults(`${TOP}methods: { erm: { extends: erm.yaml } }\n`, [], files)).toEqual([
      'erm.yaml:2:1: methods.erm.sede: expected no such key, found unknown key "sede", did you mean "seed"?; remove or rename it',
    ]);
  });

  it.each([
    [
      'of stage-2, whatever the methods',
      `${TOP.replace('training:', 'optimiser: {}, training:')}methods: { a: { method: { kind: erm } }, b: { method: { kind: erm } } }`,
      [
        'study.yaml:4:42: stage-2.optimiser: expected no such key, found unknown key "optimiser", did you mean "optimizer"?; remove or rename it',
      ],
    ],
    [
      'of a method, in what stage-2 has too',
      `${TOP}methods: { a: { method: { kind: erm }, training: { steps: 0 } }, b: { method: { kind: erm } } }`,
      [
        'study.yaml:5:59: methods.a.training.steps: expected an integer above 0, or null, found 0; correct it',
      ],
    ],
    [
      'of the translations that stage-2 writes',
      `${TOP.replace('training:', 'method: { kind: camel, translations: stage }, training:')}methods: { a: {}, b: {} }`,
      [
        'study.yaml:4:79: stage-2.method.translations: expected stage-1, true, identity, or a map of settings, found "stage"; write one of these',
      ],
    ],
    [
      'of the data, between two settings, for stage 1 and methods alike',
      `version: 1\nkind: study\ndata: { kind: celeba, limits: { y5z0: 3 } }\nstage-1: [{}]\nstage-2: { network: { kind: small-cnn } }\n${ERM}`,
      [
        'study.yaml:3:39: data.limits.y5z0: expected a group from y0z0 to y1z1, found "y5z0"; name one of them in data.limits, e.g. y1z1, or leave it out',
      ],
    ],
    [
      'of the data that a part changes',
      `${TOP}methods: { erm: { method: { kind: erm }, data: { testImages: 0 } } }`,
      [
        'study.yaml:5:62: methods.erm.data.testImages: expected an integer above 0, or null, found 0; correct it',
      ],
    ],
  ])('at the part that was written: %s', async (_, text, lines) => {
    expect(await faults(text)).toEqual(lines);
  });

  it.each([
    [
      'methods.emr.training.steps=3',
      '--set methods.emr.training.steps=3: methods.emr: expected one of the methods erm, did you mean "erm"?, found "emr"; correct it, or add the whole method with --set \'methods.emr={ … }\'',
    ],
    [
      'stage-1.5.training.steps=1',
      '--set stage-1.5.training.steps=1: stage-1: expected the number of an entry, 0 … 0, found "5"; correct the number, or set the whole list',
    ],
    [
      'stage-2.training.steps=0',
      '--set stage-2.training.steps=0: stage-2.training.steps: expected an integer above 0, or null, found 0; correct it',
    ],
    [
      'seedz=[1]',
      '--set seedz=[1]: seedz: expected no such key, found unknown key "seedz", did you mean "seeds"?; remove or rename it',
    ],
  ])('the option --set %s names itself', async (option, line) => {
    expect(await faults(`${TOP}stage-1: [{}]\n${ERM}`, [option])).toEqual([line]);
  });

  it('an option may add a method, and then change it', async () => {
    const options = ['methods.dro={ method: { kind: group-dro } }', 'methods.dro.training.steps=9'];
    const { methods } = await study(`${TOP}${ERM}`, options);
    expect(methods.map(({ name, training }) => [name, training.steps])).toEqual([
      ['erm', 4],
      ['dro', 9],
    ]);
  });

  it('an entry of stage 1 that there cannot be is a fault of the option', async () => {
    expect(await faults(`${TOP}${ERM}`, ['stage-1.0.training.steps=1'])).toEqual([
      '--set stage-1.0.training.steps=1: stage-1: expected a list of stage-1 experiments, found {"0":{"training":{"steps":1}}}; correct it',
    ]);
  });
});
