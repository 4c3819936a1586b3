/**
 * A step of the build: copies the one file of Redoc that a browser needs. The package itself, with its many dependencies, is needed
 * only for the build.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { packagePath } from '../../scenarios/shipped.ts';
import { ASSETS, assetPath, REDOC_LICENCE, REDOC_SCRIPT } from './pages.ts';

/** Redoc loads the logo of its makers from their server. The logo is left out, because the documentation must work without a network. */
const LOGO = /https:\/\/cdn\.redoc[\w./-]*\.svg/g;
const NO_LOGO = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';

const { resolve } = createRequire(import.meta.url);

function read(file: string): string {
  return readFileSync(resolve(`redoc/${file}`), 'utf8');
}

mkdirSync(packagePath(ASSETS), { recursive: true });
const script = read(`bundles/${REDOC_SCRIPT}`).replaceAll(LOGO, NO_LOGO);
writeFileSync(assetPath(REDOC_SCRIPT), script.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
writeFileSync(assetPath(REDOC_LICENCE), `${read('LICENSE')}\n${read(`bundles/${REDOC_LICENCE}`)}`);
