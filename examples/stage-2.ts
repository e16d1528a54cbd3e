/** `npm run stage2 -- --config FILE`: trains a classifier by ERM, group DRO or CAMEL, and tests it. */
import { runCommand, stageTwoCommand } from 'model-patching/node';

await runCommand(stageTwoCommand());
