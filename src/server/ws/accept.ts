/** The common part of /ws and /mcp: it opens a session for each socket if there is room, sends pings and tidies up after a close. */
import type { WebSocket } from '@fastify/websocket';
import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import type { Context } from '../app.ts';
import { RateLimited } from '../limiter.ts';
import type { Metrics } from '../metrics.ts';
import type { ServerOptions } from '../options.ts';
import { Problem } from '../problem.ts';
import type { SessionEntry } from '../sessions.ts';
import { type Answered, type Answerer, SocketLink } from './link.ts';

const INTERNAL_ERROR = 1011;
/** Close codes for a socket that gets no session, by the code of the problem. */
const CLOSE_CODES: Readonly<Record<string, number>> = { CAPACITY_REACHED: 1013, SESSION_ERROR: 1008 };

/** The conversation with one client. */
export type Talk = {
  /** The session of the client. */
  readonly entry: SessionEntry;
  /** Answers a message, a bad one with an error message. Throws RateLimited and nothing else. */
  readonly answer: Answerer;
};

/** The protocol of a WebSocket route. */
export type SocketSurface = {
  readonly name: string;
  /** @param query The query of the URL with which the socket was opened. */
  begin(entry: SessionEntry, link: SocketLink, log: FastifyBaseLogger, query: unknown): Talk;
  /** The error message for a client that gets no session, or that exceeds its rate limit with `message`. */
  refusal(problem: Problem, message?: Buffer): string;
};

/** The open sockets of a server, with one timer that pings all of them. */
export class Links {
  private readonly links = new Set<SocketLink>();
  private readonly timer: NodeJS.Timeout;

  constructor({ pingInterval, pingTimeout }: Pick<ServerOptions, 'pingInterval' | 'pingTimeout'>, metrics: Metrics) {
    // Unanswered pings are counted, not seconds: if this process itself was stopped for a while, its clients are not to blame.
    const most = Math.ceil(pingTimeout / pingInterval);
    this.timer = setInterval(() => {
      for (const link of this.links) if (link.beat(most)) metrics.cut('dead');
    }, pingInterval * 1000).unref();
  }

  add(link: SocketLink): void {
    this.links.add(link);
  }

  delete(link: SocketLink): void {
    this.links.delete(link);
  }

  /** Stops the pings. The sockets themselves are closed with their sessions. */
  close(): void {
    clearInterval(this.timer);
  }
}

/** Accepts a socket with a new session, or with the session that the query of its URL names. */
export function accept(
  { sessions, metrics, limiter, unsent, incoming, gate }: Context,
  links: Links,
  surface: SocketSurface,
  socket: WebSocket,
  { ip, log, query, socket: connection }: Pick<FastifyRequest, 'ip' | 'log' | 'query' | 'socket'>,
): void {
  const failed = (error: unknown): void =>
    log.error({ err: error }, 'a message failed because of an error in the server');
  const link = new SocketLink(socket, connection, failed, () => unsent.sent(connection));
  let entry: SessionEntry;
  try {
    const id = sessionIdOf(query);
    entry = id === undefined ? sessions.open(ip, link) : sessions.attach(id, link, ip);
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem(500, 'FACTORY_ERROR', 'no session could be made');
    if (problem !== error) log.error({ err: error }, 'no session could be made');
    metrics.failed(problem.code);
    link.send(surface.refusal(problem));
    link.close(CLOSE_CODES[problem.code] ?? INTERNAL_ERROR, problem.code);
    return;
  }
  log.debug({ surface: surface.name }, 'a socket was opened');
  const talk = surface.begin(entry, link, log, query);
  links.add(link);
  incoming.begin(connection);
  link.listen((message) => {
    incoming.begin(connection);
    sessions.touch(talk.entry);
    const turn = gate.turnOf(message.length);
    if (turn !== undefined) return turn.then(() => answer(message));
    return answer(message);
  });
  const answer: Answerer = (message) => (limiter.active ? answerLimited(message) : talk.answer(message));
  async function answerLimited(message: Buffer): Promise<Answered> {
    try {
      await limiter.take(ip);
      return await talk.answer(message);
    } catch (error) {
      if (!(error instanceof RateLimited)) throw error;
      metrics.failed(error.code);
      return surface.refusal(error, message);
    }
  }
  socket.on('close', (code) => {
    links.delete(link);
    sessions.detach(talk.entry, link);
    log.debug({ surface: surface.name, code }, 'a socket was closed');
  });
}

/** The session id in a query. If the key occurs several times, the last one counts. An empty value is the same as none. */
function sessionIdOf(query: unknown): string | undefined {
  const { session_id: given } = query as { session_id?: string | string[] };
  return (Array.isArray(given) ? given.at(-1) : given) || undefined;
}
