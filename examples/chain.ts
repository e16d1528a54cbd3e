/** `npm run chain -- waterbirds`: stage 1, translations, three methods and their tests on one data set. */
import { chainCommand, runCommand } from 'model-patching/node';

await runCommand(chainCommand());
