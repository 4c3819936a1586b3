/** What /ws and /mcp have in common: a session for each socket if there is room, pings, and what remains when it is gone. */
import type { WebSocket } from '@fastify/websocket';
import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import type { Context } from '../app.ts';
import { RateLimited } from '../guard/limiter.ts';
import type { Metrics } from '../metrics.ts';
import type { ServerOptions } from '../options.ts';
import { Problem } from '../problem.ts';
import type { Entry } from '../sessions.ts';
import { type Answered, type Answerer, Link } from './link.ts';

const INTERNAL_ERROR = 1011;
/** With which a socket is closed that gets no session. */
const CLOSE_CODES: Readonly<Record<string, number>> = { CAPACITY_REACHED: 1013, SESSION_ERROR: 1008 };

/** One client that is being spoken to. */
export type Talk = {
  /** Its session. */
  readonly entry: Entry;
  /** Answers a message; whatever is wrong with it, it throws nothing but RateLimited. */
  readonly answer: Answerer;
};

/** What is spoken over a socket. */
export type Surface = {
  readonly name: string;
  /** @param query Of the URL that the socket was opened with. */
  begin(entry: Entry, link: Link, log: FastifyBaseLogger, query: unknown): Talk;
  /** What a client is told for which there is no session, or whose message is one too many. */
  refusal(problem: Problem, message?: Buffer): string;
};

/** The sockets of a server, with one timer for the pings of all. */
export class Links {
  private readonly links = new Set<Link>();
  private readonly timer: NodeJS.Timeout;

  constructor({ pingInterval, pingTimeout }: Pick<ServerOptions, 'pingInterval' | 'pingTimeout'>, metrics: Metrics) {
    // Pings are counted rather than time measured: where this process stood still, no client is to blame.
    const most = Math.ceil(pingTimeout / pingInterval);
    this.timer = setInterval(() => {
      for (const link of this.links) if (link.beat(most)) metrics.cut('dead');
    }, pingInterval * 1000).unref();
  }

  add(link: Link): void {
    this.links.add(link);
  }

  delete(link: Link): void {
    this.links.delete(link);
  }

  /** Ends the pings; sockets are closed with their sessions. */
  close(): void {
    clearInterval(this.timer);
  }
}

/** Takes a socket on, with a session of its own or the one that its query names. */
export function accept(
  { sessions, metrics, limiter, unsent, incoming, gate }: Context,
  links: Links,
  surface: Surface,
  socket: WebSocket,
  { ip, log, query, socket: connection }: Pick<FastifyRequest, 'ip' | 'log' | 'query' | 'socket'>,
): void {
  const failed = (error: unknown): void => log.error({ err: error }, 'a message failed for a reason of our own');
  const link = new Link(socket, connection, failed, () => unsent.sent(connection));
  let entry: Entry;
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

/** Of several that are named, the last counts; an empty one is none. */
function sessionIdOf(query: unknown): string | undefined {
  const { session_id: given } = query as { session_id?: string | string[] };
  return (Array.isArray(given) ? given.at(-1) : given) || undefined;
}
