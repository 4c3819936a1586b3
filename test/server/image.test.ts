/** The Dockerfile copies what the server needs and meets the requirements of a Space. scripts/replay-image.mjs runs its steps. */
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { isLetIn, parseDockerfile, parseDockerignore, type Stage, type Step } from '../../scripts/dockerfile.mjs';
import { listTasks, oraclePath, packagePath } from '../../src/scenarios/shipped.ts';
import { parseServerOptions } from '../../src/server/options.ts';
import { MANIFEST, readText } from '../docs/support-manifest.ts';

const STAGES = parseDockerfile(readText('Dockerfile'));
const ALLOWED = parseDockerignore(readText('.dockerignore'));
const [BUILD, IMAGE] = STAGES as [Stage, Stage];

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;
const of = <K extends Step['kind']>(stage: Stage, kind: K): Of<K>[] =>
  stage.steps.filter((step): step is Of<K> => step.kind === kind);

/** The paths that a stage copies from the build context. */
const copied = (stage: Stage): string[] =>
  of(stage, 'COPY')
    .filter(({ from }) => from === undefined)
    .flatMap(({ sources }) => sources.map((source) => source.replace(/^\.\//, '')));

test('there are two stages; the final one has no build tools and no development dependencies', () => {
  expect(STAGES).toHaveLength(2);
  expect(BUILD.name).toBe('build');
  const commands = of(BUILD, 'RUN').flatMap((step) => step.commands);
  expect(commands.at(-1)).toMatch(/^npm prune --omit=dev\b/);
  const taken = of(IMAGE, 'COPY').filter(({ from }) => from === 'build');
  expect(taken.flatMap(({ sources }) => sources)).toEqual(['/app/node_modules', '/app/dist']);
  expect(of(IMAGE, 'RUN').flatMap((step) => step.commands)).toEqual(['mkdir runs', 'chown 1000:1000 runs']);
});

test('the build stage has the files that npm and the build script read', () => {
  const needed = [
    'package.json',
    'package-lock.json',
    '.npmrc',
    'tsconfig.json',
    'tsconfig.build.json',
    'vite.config.ts',
    'vite.charts.config.ts',
    'src',
    'scripts',
  ];
  expect(copied(BUILD).toSorted()).toEqual(needed.toSorted());
});

test('the image has every file of the package but the documentation', () => {
  const here = new Set([...copied(IMAGE), 'dist']);
  const left = packageJson.files.filter((path) => !path.startsWith('!') && !here.has(path));
  expect(left).toEqual(['docs', 'CHANGELOG.md']);
});

test('the image has every file that the server reads', () => {
  const here = copied(IMAGE);
  const root = packagePath('.');
  const { execution, capabilities } = MANIFEST.validation;
  const read = ['package.json', 'openenv.yaml', 'README.md', execution.probe_path];
  read.push(capabilities.canaries, capabilities.oracle.location);
  for (const entry of listTasks()) {
    read.push(entry.scenario, oraclePath(entry).slice(root.length));
    if (entry.drift !== undefined) read.push(entry.drift);
  }
  expect(read.filter((path) => !isLetIn(path, here))).toEqual([]);
});

test('the build context holds exactly the paths that the Dockerfile copies', () => {
  const used = [...copied(BUILD), ...copied(IMAGE)];
  expect([...new Set(used)].toSorted()).toEqual(ALLOWED.toSorted());
});

test('the image serves the declared port on every address, as an unprivileged user, and reports its health', () => {
  expect(of(IMAGE, 'USER').map(({ user }) => user)).toEqual(['1000:1000']);
  expect(of(IMAGE, 'EXPOSE').map(({ port }) => port)).toEqual([MANIFEST.port]);
  expect(parseServerOptions({}).port).toBe(MANIFEST.port);
  expect(Object.assign({}, ...of(IMAGE, 'ENV').map(({ values }) => values))).toMatchObject({
    NODE_ENV: 'production',
    GHOSTEXEC_HOST: '0.0.0.0',
    GHOSTEXEC_ADDRESS_FILE: '/tmp/ghostexec-address',
  });
  const [health] = of(IMAGE, 'HEALTHCHECK');
  expect(health?.command).toEqual(['node', 'dist/cli/health.js']);
});

test('the entry point is the command line, and its default command is serve', () => {
  expect(of(IMAGE, 'ENTRYPOINT').map(({ command }) => command)).toEqual([['node', packageJson.bin.ghostexec]]);
  expect(of(IMAGE, 'CMD').map(({ command }) => command)).toEqual([['serve']]);
  const steps = IMAGE.steps.map(({ kind }) => kind);
  expect(steps.lastIndexOf('COPY')).toBeLessThan(steps.indexOf('USER'));
});

test('the labels match package.json', () => {
  const labels = Object.assign({}, ...of(IMAGE, 'LABEL').map(({ values }) => values)) as Record<string, string>;
  expect(labels['org.opencontainers.image.title']).toBe(packageJson.name);
  expect(labels['org.opencontainers.image.version']).toBe(packageJson.version);
  expect(labels['org.opencontainers.image.licenses']).toBe(packageJson.license);
});

test('both stages use Node 24', () => {
  for (const { image } of STAGES) expect(image).toMatch(/^node:24\b.*-slim$/);
});

test.each([
  ['an unknown instruction', 'FROM a\nADD x y', /Dockerfile:2: expected a known instruction/],
  ['an unknown flag', 'FROM a\nCOPY --chown=1 x y', /Dockerfile:2: COPY: expected --from=stage/],
  ['a path outside the folder', 'FROM a\nCOPY ../x y', /expected a plain path/],
  ['a command in shell form', 'FROM a\nCMD node main.js', /Dockerfile:2: CMD/],
  ['a variable', 'FROM a\nENV A=$B', /expected NAME=value/],
  ['a user by name', 'FROM a\nUSER node', /expected uid:gid/],
  ['a mount', 'FROM a\nRUN --mount=type=cache,target=/x npm ci', /expected a plain shell command/],
  ['a step before a stage', 'WORKDIR /app', /expected FROM first/],
  ['a continued line without a next line', 'FROM a\nRUN x \\', /Dockerfile:2: expected another line/],
  ['nothing', '# only a comment', /expected a stage/],
])('the reader of the Dockerfile refuses %s', (_, text, message) => {
  expect(() => parseDockerfile(text)).toThrow(message);
});

test('the reader of .dockerignore expects a rule that excludes everything, then plain paths', () => {
  expect(() => parseDockerignore('node_modules\n')).toThrow('expected * first');
  expect(() => parseDockerignore('*\n!**/x\n')).toThrow('expected !path');
});
