/**
 * Reads the Dockerfile and .dockerignore of this project. It is strict: an unknown instruction, flag or pattern is an error.
 */

/** Reads a Dockerfile into stages. */
export function parseDockerfile(text) {
  const stages = [];
  for (const { line, at } of logicalLines(text)) {
    const [, word = '', rest = ''] = /^([A-Z]+) +(.*)$/s.exec(line) ?? [];
    const read = READERS[word];
    if (read === undefined) throw new Error(`Dockerfile:${at}: expected a known instruction, got ${JSON.stringify(line)}`);
    try {
      if (word === 'FROM') stages.push({ ...read(rest), steps: [] });
      else if (stages.length === 0) throw new Error('expected FROM first');
      else stages.at(-1).steps.push({ kind: word, ...read(rest) });
    } catch (error) {
      throw new Error(`Dockerfile:${at}: ${word}: ${error.message}`);
    }
  }
  if (stages.length === 0) throw new Error('Dockerfile: expected a stage');
  return stages;
}

/** The paths that the .dockerignore admits to the build. It must exclude everything first, then name paths. */
export function parseDockerignore(text) {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (lines[0] !== '*') throw new Error(`.dockerignore: expected * first, got ${JSON.stringify(lines[0])}`);
  return lines.slice(1).map((line) => {
    const [, path] = /^!([\w.][\w./-]*)$/.exec(line) ?? [];
    if (path === undefined) throw new Error(`.dockerignore: expected !path, got ${JSON.stringify(line)}`);
    return path;
  });
}

/** Whether a path of the build context, or a folder above it, is admitted. */
export function isLetIn(path, allowed) {
  return allowed.some((one) => path === one || path.startsWith(`${one}/`));
}

const READERS = {
  FROM(rest) {
    const [, image, name] = /^(\S+)(?: AS (\w+))?$/.exec(rest) ?? [];
    if (image === undefined) throw new Error(`expected "image" or "image AS name", got ${JSON.stringify(rest)}`);
    return { image, name };
  },
  WORKDIR(rest) {
    if (!/^\/\S+$/.test(rest)) throw new Error(`expected an absolute path, got ${JSON.stringify(rest)}`);
    return { path: rest };
  },
  COPY(rest) {
    const words = rest.split(/ +/);
    const flag = words[0]?.startsWith('--') ? words.shift() : undefined;
    const [, from] = flag === undefined ? [] : (/^--from=(\w+)$/.exec(flag) ?? []);
    if (flag !== undefined && from === undefined) throw new Error(`expected --from=stage, got ${flag}`);
    const to = words.pop();
    if (to === undefined || words.length === 0) throw new Error('expected sources and a destination');
    if (words.length > 1 && !to.endsWith('/')) throw new Error('expected a destination that ends in / for many sources');
    for (const path of [...words, to]) {
      if (!/^[\w./-]+$/.test(path) || path.includes('..')) throw new Error(`expected a plain path, got ${path}`);
    }
    return { from, sources: words, to };
  },
  RUN(rest) {
    if (/^(?:--|\[|<<)/.test(rest)) throw new Error('expected a plain shell command');
    return { commands: rest.split(' && ').map((command) => command.trim()) };
  },
  ENV: (rest) => ({ values: pairs(rest) }),
  LABEL: (rest) => ({ values: pairs(rest) }),
  USER(rest) {
    if (!/^\d+:\d+$/.test(rest)) throw new Error(`expected uid:gid, got ${JSON.stringify(rest)}`);
    return { user: rest };
  },
  EXPOSE(rest) {
    if (!/^\d+$/.test(rest)) throw new Error(`expected a port, got ${JSON.stringify(rest)}`);
    return { port: Number(rest) };
  },
  HEALTHCHECK(rest) {
    const [, options = '', command] = /^((?:--[a-z-]+=\w+ +)*)CMD +(\[.*)$/s.exec(rest) ?? [];
    if (command === undefined) throw new Error('expected options and CMD [...]');
    const values = Object.fromEntries([...options.matchAll(/--([a-z-]+)=(\w+)/g)].map(([, name, value]) => [name, value]));
    return { values, command: words(command) };
  },
  ENTRYPOINT: (rest) => ({ command: words(rest) }),
  CMD: (rest) => ({ command: words(rest) }),
};

/** The exec form: a JSON array of strings. */
function words(text) {
  const value = JSON.parse(text);
  if (!Array.isArray(value) || value.length === 0 || value.some((word) => typeof word !== 'string')) {
    throw new Error(`expected ["a", "list", "of", "words"], got ${text}`);
  }
  return value;
}

/** Any number of NAME=value and NAME="a value". */
function pairs(text) {
  const found = [...text.matchAll(/([\w.]+)=(?:"([^"\\]*)"|([^\s"'$\\]+))(?: +|$)/gy)];
  if (found.length === 0 || found.reduce((sum, [all]) => sum + all.length, 0) !== text.length) {
    throw new Error(`expected NAME=value or NAME="value", got ${JSON.stringify(text)}`);
  }
  return Object.fromEntries(found.map(([, name, quoted, plain]) => [name, quoted ?? plain]));
}

/** Lines without comments and empty lines; a line that ends in a backslash continues. `at` is the number of the first line. */
function* logicalLines(text) {
  let begun;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const goesOn = line.endsWith('\\');
    const part = goesOn ? line.slice(0, -1).trim() : line;
    begun = begun === undefined ? { line: part, at: index + 1 } : { ...begun, line: `${begun.line} ${part}` };
    if (goesOn) continue;
    yield begun;
    begun = undefined;
  }
  if (begun !== undefined) throw new Error(`Dockerfile:${begun.at}: expected another line after the backslash`);
}
