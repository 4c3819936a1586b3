/** Imports in src/ point only downwards, and the simulation depends only on its arguments. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  circularImports,
  importsIn,
  impurities,
  nodeImportsOfPages,
  readSources,
  type Sources,
  upwardImports,
} from '../support/layers.ts';

const sources = readSources(fileURLToPath(new URL('../../src', import.meta.url)));

function files(contents: Record<string, string>): Sources {
  return new Map(Object.entries(contents));
}

describe('in src/', () => {
  test('every file is on a floor and imports only from its own and lower ones', () => {
    expect(upwardImports(sources)).toEqual([]);
  });

  test('no imports go in a circle', () => {
    expect(circularImports(sources)).toEqual([]);
  });

  test('the simulation touches no file, clock, environment, console or unseeded chance', () => {
    expect(impurities(sources, 'sim')).toEqual([]);
  });

  test('code for browsers imports nothing of Node', () => {
    expect(nodeImportsOfPages(sources)).toEqual([]);
  });

  test('imports are found at all: as many as there are lines that end in one', () => {
    for (const [file, source] of sources) {
      const lines = source
        .split('\n')
        .filter((line) => /^(import\b|export\b|\}).*\bfrom '[^']+';$|^import '[^']+';$/.test(line));
      const found = importsIn(source).filter((specifier) => lines.some((line) => line.endsWith(`'${specifier}';`)));
      expect(found.length, file).toBe(lines.length);
    }
    expect(importsIn(sources.get('sim/v1/step.ts') ?? '')).toContain('../episode.ts');
  });
});

describe('the check', () => {
  const base = { 'lib/a.ts': '', 'world/b.ts': '', 'sim/v1/c.ts': '', 'cli/d.ts': '', 'index.ts': '' };

  test('finds what a page imports of Node, by whatever way, but not its types', () => {
    const pages = {
      'web/page.tsx': "import type { A } from '../world/a.ts';\nimport { b } from '../lib/b.ts';",
      'world/a.ts': "import { readFileSync } from 'node:fs';",
      'lib/b.ts': "import { createHash } from 'node:crypto';",
    };
    expect(nodeImportsOfPages(files(pages))).toEqual(['web/page.tsx -> lib/b.ts -> node:crypto']);
  });

  test.each([
    ['a value', "import { d } from '../cli/d.ts';"],
    ['a type', "import type { D } from '../cli/d.ts';"],
    ['a namespace over several lines', "import * as\n  d\nfrom\n  '../cli/d.ts'"],
    ['a side effect', "import '../cli/d.ts';"],
    ['a re-export', "export { d } from '../cli/d.ts';"],
    ['everything again', "export * from '../cli/d.ts';"],
    ['an import at run time', "const d = await import('../cli/d.ts');"],
    ['a type in passing', "type D = import('../cli/d.ts').D;"],
    ['the file as it is built', "import { d } from '../cli/d.js';"],
    ['a worker', "new Worker(new URL('../cli/d.ts', import.meta.url));"],
    ['an alias', "createRequire(import.meta.url).resolve('#shard-worker');"],
    ['the public face', "import { d } from '../index.ts';"],
    [
      'behind a comment and another import',
      "// lib\nimport { a } from '../lib/a.ts'; /* and */ import { d } from '../cli/d.ts';",
    ],
  ])('finds an upward import of %s', (_what, source) => {
    const problems = upwardImports(files({ ...base, 'world/b.ts': source }));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^world\/b\.ts imports (cli\/d|index|vector\/shard-worker)\.ts, which is above it$/);
  });

  test('finds an upward import in a real file', () => {
    const [victim = ''] = [...sources.keys()].filter((file) => file.startsWith('lib/'));
    const spoiled = new Map([...sources, [victim, `import { x } from '../sim/episode.ts';\n${sources.get(victim)}`]]);
    expect(upwardImports(spoiled)).toEqual([`${victim} imports sim/episode.ts, which is above it`]);
  });

  test('allows what points down or sideways, packages, and imports that only a comment or a string mentions', () => {
    const allowed = files({
      ...base,
      'cli/d.ts':
        "import { b } from '../world/b.ts';\nimport { x } from './x.ts';\nimport { z } from 'zod';\nimport 'node:fs';",
      'cli/x.ts': '',
      'world/b.ts':
        "// import { d } from '../cli/d.ts';\n/* export * from '../cli/d.ts' */\nexport const text = 'see \\'// this\\'';",
      'index.ts': "export { d } from './cli/d.ts';",
    });
    expect(upwardImports(allowed)).toEqual([]);
  });

  test('finds a file on no floor, and an import of one', () => {
    const odd = files({ ...base, 'utils/e.ts': '', 'main.ts': '', 'cli/d.ts': "import '../utils/e.ts';" });
    expect(upwardImports(odd)).toEqual([
      'cli/d.ts imports utils/e.ts, which is above it',
      'utils/e.ts is on no floor',
      'main.ts is on no floor',
    ]);
  });

  test('finds circles of two, of three, and of one', () => {
    const round = files({
      'lib/a.ts': "import './b.ts';",
      'lib/b.ts': "import type { A } from './a.ts';",
      'sim/c.ts': "import './d.ts';",
      'sim/d.ts': "import './e/f.ts';",
      'sim/e/f.ts': "import '../c.ts'; import '../../lib/a.ts';",
      'world/g.ts': "export * from './g.ts';",
    });
    expect(circularImports(round)).toEqual([
      'lib/a.ts -> lib/b.ts -> lib/a.ts',
      'sim/c.ts -> sim/d.ts -> sim/e/f.ts -> sim/c.ts',
      'world/g.ts -> world/g.ts',
    ]);
  });

  test.each([
    ['the file system', "import { readFileSync } from 'node:fs';"],
    ['the file system', "import fs from 'fs/promises';"],
    ['the clock', 'const now = Date.now();'],
    ['the clock', 'const now = new Date();'],
    ['the clock', 'const t = performance.now();'],
    ['the environment', 'const mode = process.env.MODE;'],
    ['the console', 'console.log(1);'],
    ['chance without a seed', 'const x = Math.random();'],
    ['a timer', 'setTimeout(f, 1);'],
  ])('finds %s in %j', (what, source) => {
    expect(impurities(files({ 'sim/v1/c.ts': source, 'cli/d.ts': source }), 'sim')).toEqual([
      `sim/v1/c.ts touches ${what}`,
    ]);
  });

  test('does not take a comment for an impurity', () => {
    expect(
      impurities(files({ 'sim/c.ts': '// never Date.now(), console or Math.random()\nexport {};' }), 'sim'),
    ).toEqual([]);
  });
});
