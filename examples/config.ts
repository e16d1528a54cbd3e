/** `npm run config -- check FILE…`, `show FILE`, `template STAGE`: what a configuration says, before it is run. */
import { configCommand, runCommand } from 'model-patching/node';

await runCommand(configCommand());
