/** `npm run augment -- --config FILE`: translates images both ways with what stage 1 has learnt. */
import { augmentCommand, runCommand } from 'model-patching/node';

await runCommand(augmentCommand());
