/** The HTTP methods of each path, for the answer (405) to a method that a path does not have. */
import type { FastifyInstance } from 'fastify';

/**
 * Collects the methods of routes. Must be called before routes are added.
 * @returns a function that lists the methods of a path (without query); an empty list for an unknown path
 */
export function rememberMethods(app: Pick<FastifyInstance, 'addHook'>): (path: string) => string[] {
  const routes = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    // The wildcard route would make every path a known one.
    if (url === '*' || url === '/*') return;
    const methods = routes.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    routes.set(url, methods);
  });
  return (path) => {
    const found = new Set<string>();
    for (const [url, methods] of routes) {
      if (!matches(url.split('/'), path.split('/'))) continue;
      for (const method of methods) found.add(method);
    }
    return [...found].sort();
  };
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const given = path.length > 2 && path.at(-1) === '' ? path.slice(0, -1) : path;
  const rest = pattern.at(-1) === '*';
  if (rest ? given.length < pattern.length : given.length !== pattern.length) return false;
  return pattern.every(
    (part, i) => part === given[i] || (part.startsWith(':') && given[i] !== '') || (rest && part === '*'),
  );
}
