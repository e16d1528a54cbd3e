/** `npm run stage1 -- --config FILE`: trains a CycleGAN between two subgroups. */
import { runCommand, stageOneCommand } from 'model-patching/node';

await runCommand(stageOneCommand());
