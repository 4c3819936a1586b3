/** Files of the documentation pages that the build puts beside the compiled server. */
import { packagePath } from '../../world/tasks.ts';

/** The folder of the files, relative to the package. */
export const ASSETS = 'dist/server/assets';

export const REDOC_SCRIPT = 'redoc.standalone.js';
/** The licence file that the head of the script names. */
export const REDOC_LICENCE = 'redoc.standalone.js.LICENSE.txt';

/** The absolute path of one of the files. */
export function assetPath(name: string): string {
  return packagePath(`${ASSETS}/${name}`);
}
