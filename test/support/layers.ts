/** The house rules of src/: who may import whom, and what the simulation must not touch. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';

/** From the ground up. An import points to a lower floor, or to another file of the same one, and never in a circle. */
const FLOORS: readonly (readonly string[])[] = [
  ['lib'],
  ['world'],
  ['sim'],
  ['vector', 'generate'],
  ['rollout'],
  ['cli', 'server', 'web', 'report'],
];
const ROOF = FLOORS.length;

/** Path under src/, with forward slashes, to the text of the file. */
export type Sources = ReadonlyMap<string, string>;

export function readSources(root: string): Sources {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.[cm]?tsx?$/.test(name));
  return new Map(
    names
      .sort()
      .map((name) => [relative(root, join(root, name)).split(sep).join('/'), readFileSync(join(root, name), 'utf8')]),
  );
}

/** The floor of a file; undefined where no floor is meant for it. */
export function floorOf(file: string): number | undefined {
  if (file === 'index.ts') return ROOF;
  const floor = FLOORS.findIndex((folders) => folders.includes(file.split('/')[0] ?? '') && file.includes('/'));
  return floor < 0 ? undefined : floor;
}

/** Without comments: what is said there imports nothing. Strings are kept whole. */
function codeOf(source: string): string {
  return source.replace(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_all, text) => text ?? ' ',
  );
}

const IMPORTS = [
  /\b(?:import|export)\b[^;'"`()]*?\bfrom\s*['"]([^'"]+)['"]/g,
  /\bimport\s*['"]([^'"]+)['"]/g,
  /\bimport\s*\(\s*['"`]([^'"`]+)['"`]/g,
  /\bresolve\(\s*['"](#[^'"]+)['"]/g,
  /\bnew\s+URL\(\s*['"`]([^'"`]+\.[cm]?[jt]s)['"`]\s*,\s*import\.meta\.url/g,
];

/** What a file imports, for its values or its types, as written. */
export function importsIn(source: string): string[] {
  const code = codeOf(source);
  return IMPORTS.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''));
}

/** `#names` of package.json, which lead into dist/. */
const ALIASES: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).imports;

/** The file under src/ that an import means; undefined for packages and for what lies outside. */
function targetOf(file: string, specifier: string): string | undefined {
  const path = specifier.startsWith('.')
    ? posix.join(posix.dirname(file), specifier)
    : ALIASES[specifier]?.replace(/^\.\/dist\//, '');
  if (path === undefined || path.startsWith('../')) return undefined;
  return path.replace(/\.js$/, '.ts');
}

/** One line for each import that points upwards, and for each file that is on no floor. */
export function upwardImports(sources: Sources): string[] {
  const problems: string[] = [];
  for (const [file, source] of sources) {
    const floor = floorOf(file);
    if (floor === undefined) problems.push(`${file} is on no floor`);
    else {
      for (const specifier of importsIn(source)) {
        const target = targetOf(file, specifier);
        if (target !== undefined && (floorOf(target) ?? ROOF) > floor) {
          problems.push(`${file} imports ${target}, which is above it`);
        }
      }
    }
  }
  return problems;
}

/** Circles of imports, each as the files one passes; every file that is on a circle is on one that is listed. */
export function circularImports(sources: Sources): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) circles.push([...path.slice(at), file].join(' -> '));
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const specifier of importsIn(sources.get(file) ?? '')) {
      const target = targetOf(file, specifier);
      if (target !== undefined && sources.has(target)) visit(target);
    }
    path.pop();
    done.add(file);
  };
  for (const file of sources.keys()) visit(file);
  return circles;
}

const IMPURE: readonly (readonly [string, RegExp])[] = [
  ['the file system', /['"](?:node:)?fs(?:\/promises)?['"]/],
  ['the network', /['"](?:node:)?(?:net|http|https|http2|dgram)['"]|\bfetch\s*\(/],
  ['the clock', /\bDate\s*\.\s*now\b|\bnew\s+Date\b|\bDate\s*\(|\bperformance\b|\bhrtime\b/],
  ['the environment', /\bprocess\b/],
  ['the console', /\bconsole\b/],
  ['chance without a seed', /\bMath\s*\.\s*random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/],
  ['a timer', /\bset(?:Timeout|Interval|Immediate)\b/],
];

/** One line for each thing outside the simulation that a file of a folder touches. */
export function impurities(sources: Sources, folder: string): string[] {
  return [...sources]
    .filter(([file]) => file.startsWith(`${folder}/`))
    .flatMap(([file, source]) => {
      const code = codeOf(source);
      return IMPURE.filter(([, pattern]) => pattern.test(code)).map(([what]) => `${file} touches ${what}`);
    });
}

/** For each module of Node that the pages would import for its values, the way that leads there. */
export function nodeImportsOfPages(sources: Sources): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const source = sources.get(file) ?? sources.get(file.replace(/\.ts$/, '.tsx'));
    if (seen.has(file) || source === undefined) return;
    seen.add(file);
    for (const specifier of importsIn(withoutTypes(source))) {
      const target = targetOf(file, specifier);
      if (specifier.startsWith('node:')) found.push([...way, file, specifier].join(' -> '));
      if (target !== undefined) visit(target, [...way, file]);
    }
  };
  for (const file of sources.keys()) if (file.startsWith('web/')) visit(file, []);
  return found;
}

/** Without what is imported for its types alone. */
function withoutTypes(source: string): string {
  return source.replace(/\b(?:import|export)\s+type\b[^;'"]*\bfrom\s*['"][^'"]+['"];?/g, '');
}
