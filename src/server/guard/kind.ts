/** Kinds of requests that are treated in a way of their own. */
import type { FastifyRequest } from 'fastify';

/** What anybody may ask for as often as they like. Told by the route that was found: no spelling of a path can pass for it. */
export function isOpen({ method, routeOptions }: FastifyRequest): boolean {
  return routeOptions.url === '/health' && (method === 'GET' || method === 'HEAD');
}

/** Whether the client asks for a WebSocket. */
export function isUpgrade({ headers: { upgrade, connection } }: FastifyRequest): boolean {
  return upgrade?.toLowerCase() === 'websocket' && /\bupgrade\b/i.test(connection ?? '');
}

/** Routes below /web that are no files of a page. */
const ASKED = /^\/web\/(?:api\b|metadata$|state$)/;

/** Whether it is about the files of a page, in which there is nothing to hide: the page asks for the key itself. */
export function isPage({ method, routeOptions: { url = '' } }: FastifyRequest): boolean {
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead && (url === '/' || url === '/web' || (url.startsWith('/web/') && !ASKED.test(url)));
}
