/** `npm run chain -- waterbirds`: stage 1, translations, three methods and their tests on one data set. */
import { fileURLToPath } from 'node:url';
import { chainCommand, runCommand } from 'model-patching/node';

const folder = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

await runCommand(chainCommand({ configs: folder('configs'), digits: folder('data') }));
