/** What /ws and /mcp have in common: a session for each socket if there is room, pings, and what remains when it is gone. */
import type { WebSocket } from '@fastify/websocket';
import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import type { Context } from '../app.ts';
import { RateLimited } from '../guard/limiter.ts';
import { Problem } from '../problem.ts';
import { CapacityReached, type Entry } from '../sessions.ts';
import { type Answered, type Answerer, Link } from './link.ts';

const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;

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

  /** @param pingInterval in seconds */
  constructor(pingInterval: number) {
    this.timer = setInterval(() => {
      for (const link of this.links) link.beat();
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

/** Takes a socket on. */
export function accept(
  { sessions, metrics, limiter, unsent, incoming, gate }: Context,
  links: Links,
  surface: Surface,
  socket: WebSocket,
  { ip, log, query, socket: connection }: Pick<FastifyRequest, 'ip' | 'log' | 'query' | 'socket'>,
): void {
  const failed = (error: unknown): void => log.error({ err: error }, 'a message failed for a reason of our own');
  const link = new Link(socket, failed, () => unsent.sent(connection));
  let entry: Entry;
  try {
    entry = sessions.open(ip, link);
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem(500, 'FACTORY_ERROR', 'no session could be made');
    if (problem !== error) log.error({ err: error }, 'no session could be made');
    metrics.failed(problem.code);
    link.send(surface.refusal(problem));
    link.close(problem instanceof CapacityReached ? TRY_AGAIN_LATER : INTERNAL_ERROR, problem.code);
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
    sessions.drop(talk.entry, link);
    log.debug({ surface: surface.name, code }, 'a socket was closed');
  });
}
