/** The rules for the files of src/: who may import whom, and what the simulation must not touch. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';

/** From the lowest floor up. An import points to a lower floor or to the same floor, and imports form no circle. */
const FLOORS: readonly (readonly string[])[] = [
  ['lib'],
  ['world', 'workers'],
  ['sim'],
  ['scenarios'],
  ['vector', 'policies', 'records'],
  ['rollout'],
  ['analysis', 'evaluate'],
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

/** The floor of a file; undefined if it belongs to none. */
export function floorOf(file: string): number | undefined {
  if (file === 'index.ts') return ROOF;
  const floor = FLOORS.findIndex((folders) => folders.includes(file.split('/')[0] ?? '') && file.includes('/'));
  return floor < 0 ? undefined : floor;
}

/** Source text without comments, because a comment imports nothing. Strings are kept. */
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

/** The specifiers of all imports of a file, of values and of types. */
export function importsIn(source: string): string[] {
  const code = codeOf(source);
  return IMPORTS.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''));
}

/** The `#names` of package.json, which stand for paths in dist/. */
const ALIASES: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).imports;

/** The file under src/ to which an import leads; undefined for packages and for files outside. */
function targetOf(file: string, specifier: string): string | undefined {
  const path = specifier.startsWith('.')
    ? posix.join(posix.dirname(file), specifier)
    : ALIASES[specifier]?.replace(/^\.\/dist\//, '');
  if (path === undefined || path.startsWith('../')) return undefined;
  return path.replace(/\.js$/, '.ts');
}

/** One line for each import that points upwards, and for each file without a floor. */
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

/** Circular imports, each as a list of files. Every file on a circle is on one of the listed circles. */
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

/** One line for each forbidden access of a file in a folder to something outside the simulation. */
export function impurities(sources: Sources, folder: string): string[] {
  return [...sources]
    .filter(([file]) => file.startsWith(`${folder}/`))
    .flatMap(([file, source]) => {
      const code = codeOf(source);
      return IMPURE.filter(([, pattern]) => pattern.test(code)).map(([what]) => `${file} touches ${what}`);
    });
}

/** For each module of Node whose values the pages would import, the chain of imports that leads to it. */
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

/** Removes imports of types. */
function withoutTypes(source: string): string {
  return source.replace(/\b(?:import|export)\s+type\b[^;'"]*\bfrom\s*['"][^'"]+['"];?/g, '');
}
