/** `npm run evaluate -- --run RUN`: the group report of a trained classifier on any split. */
import { evaluateCommand, runCommand } from 'model-patching/node';

await runCommand(evaluateCommand());
