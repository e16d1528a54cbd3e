/** Writes the listing of the public surface: `npm run surface`. */
import { writeFileSync } from 'node:fs';
import { LISTING, printSurface, publicSurface } from './surface.ts';

writeFileSync(LISTING, printSurface(publicSurface()));
