/** Kinds of requests that the guard treats specially. */
import type { FastifyRequest } from 'fastify';

/** Whether a request needs no key and has no rate limit. The route decides, so no other spelling of a path can imitate it. */
export function isOpen({ method, routeOptions }: FastifyRequest): boolean {
  return routeOptions.url === '/health' && (method === 'GET' || method === 'HEAD');
}

/** Whether the client requests a WebSocket. */
export function isUpgrade({ headers: { upgrade, connection } }: FastifyRequest): boolean {
  return upgrade?.toLowerCase() === 'websocket' && /\bupgrade\b/i.test(connection ?? '');
}

/** Routes below /web that return data, not files of a page. */
const DATA_ROUTES = /^\/web\/(?:api\b|metadata$|state$)/;

/** Whether a request reads a file of a page. Such files need no key: they hold no secrets, and the page asks its user for the key. */
export function isPage({ method, routeOptions: { url = '' } }: FastifyRequest): boolean {
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead && (url === '/' || url === '/web' || (url.startsWith('/web/') && !DATA_ROUTES.test(url)));
}
