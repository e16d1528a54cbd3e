/** What decoded settings are handed to takes them as they are: these lines are checked by the compiler. */
import { expectTypeOf, it } from 'vitest';
import type { ConsistencyReduction } from '../../../src/consistency.ts';
import type { DataSettings, StageOneExperiment, StageTwoExperiment } from '../../../src/config/index.ts';
import type { AdversarialKind } from '../../../src/gan/adversarial-losses.ts';
import type { GradientPenaltyOptions } from '../../../src/gan/gradient-penalty.ts';
import type { HistoryPoolRule } from '../../../src/gan/history-pool.ts';
import type { GroupDroOptions } from '../../../src/group-dro.ts';
import type { AugmentationTraining } from '../../../src/groups.ts';
import type { InvarianceForm } from '../../../src/invariance.ts';
import type { PatchDiscriminatorOptions } from '../../../src/models/patch-discriminator.ts';
import type { PublishedGeneratorOptions } from '../../../src/models/published.ts';
import type { ResnetGeneratorOptions } from '../../../src/models/resnet-generator.ts';
import type { UnetGeneratorOptions } from '../../../src/models/unet-generator.ts';
import type { BackendName } from '../../../src/backends/backend.ts';
import type { DatasetSettings } from '../../../src/streams/open-dataset.ts';
import type { AdamOptions } from '../../../src/optimizers/adam.ts';
import type { SgdOptions } from '../../../src/optimizers/sgd.ts';

type Of<T, K extends string> = Extract<T, { readonly kind: K }>;
type Generator = StageOneExperiment['generator'];
type Method = StageTwoExperiment['method'];
type Consistency = Of<Method, 'camel'>['consistency'];

it('settings are what their consumers take', () => {
  expectTypeOf<Of<DataSettings, 'waterbirds' | 'celeba' | 'folder'>>().toExtend<DatasetSettings>();
  expectTypeOf<Of<Generator, 'published'>>().toExtend<PublishedGeneratorOptions>();
  expectTypeOf<Omit<Of<Generator, 'unet'>, 'noise'>>().toExtend<Omit<UnetGeneratorOptions, 'inputShape'>>();
  expectTypeOf<Of<Generator, 'resnet'>>().toExtend<Omit<ResnetGeneratorOptions, 'inputShape'>>();
  expectTypeOf<StageOneExperiment['discriminator']>().toExtend<
    Omit<PatchDiscriminatorOptions, 'inputShape'>
  >();
  expectTypeOf<StageOneExperiment['loss']['adversarial']>().toEqualTypeOf<AdversarialKind>();
  expectTypeOf<Of<StageOneExperiment['loss']['penalty'], 'dragan' | 'wgan-gp'>>().toExtend<
    Omit<GradientPenaltyOptions, 'draws'>
  >();
  expectTypeOf<StageOneExperiment['pool']['rule']>().toEqualTypeOf<HistoryPoolRule>();
  expectTypeOf<StageOneExperiment['optimizer']['generators']>().toExtend<AdamOptions>();
  expectTypeOf<Of<StageTwoExperiment['optimizer'], 'sgd'>>().toExtend<SgdOptions>();
  expectTypeOf<Of<StageTwoExperiment['optimizer'], 'adam'>>().toExtend<AdamOptions>();
  expectTypeOf<Of<Method, 'group-dro' | 'camel'>['adversary']>().toExtend<GroupDroOptions>();
  expectTypeOf<Of<Method, 'camel'>['trainOn']>().toEqualTypeOf<AugmentationTraining>();
  expectTypeOf<Of<Consistency, 'camel'>['reduction']>().toEqualTypeOf<ConsistencyReduction>();
  expectTypeOf<Of<StageTwoExperiment['invariance'], 'irm'>['form']>().toEqualTypeOf<InvarianceForm>();
  expectTypeOf<StageTwoExperiment['backend']>().toEqualTypeOf<BackendName | 'auto'>();
});
