/** Files of the documentation pages that the build puts beside the compiled server. */
import { packagePath } from '../../world/tasks.ts';

/** Where the build puts them. */
export const ASSETS = 'dist/server/assets';

export const REDOC_SCRIPT = 'redoc.standalone.js';
/** As the head of the script calls it. */
export const REDOC_LICENCE = 'redoc.standalone.js.LICENSE.txt';

export function assetPath(name: string): string {
  return packagePath(`${ASSETS}/${name}`);
}
