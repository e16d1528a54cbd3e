/** Every import of the package that is for browsers, none of which may need anything of Node. */
import * as core from 'model-patching';
import * as augmentation from 'model-patching/augmentation';
import * as config from 'model-patching/config';
import * as data from 'model-patching/data';
import * as gan from 'model-patching/gan';
import * as layers from 'model-patching/layers';
import * as metrics from 'model-patching/metrics';
import * as models from 'model-patching/models';
import * as optimizers from 'model-patching/optimizers';
import * as random from 'model-patching/random';
import * as training from 'model-patching/training';
import * as wasm from 'model-patching/wasm';
import * as weights from 'model-patching/weights';
import { show } from '../page.ts';

const entries = {
  core,
  augmentation,
  config,
  data,
  gan,
  layers,
  metrics,
  models,
  optimizers,
  random,
  training,
  wasm,
  weights,
};

await show(() =>
  Promise.resolve(
    Object.entries(entries).map(([name, entry]) => `${name}: ${Object.keys(entry).sort().join(' ')}`),
  ),
);
