/** `npm run make-sample-data -- --out FOLDER`: small stand-ins for Waterbirds, CelebA and a table of skin lesions. */
import { makeSampleDataCommand, runCommand } from 'model-patching/node';

await runCommand(makeSampleDataCommand());
