/** Which methods a path has, for the answer to one that it has not. */
import type { FastifyInstance } from 'fastify';

/** To be called before routes are added. What it answers lists the methods of a path (without query); of an unknown one, none. */
export function rememberMethods(app: Pick<FastifyInstance, 'addHook'>): (path: string) => string[] {
  const routes = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    // It would make every path a known one.
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
