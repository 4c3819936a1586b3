/** /ws and /text/ws: the messages of OpenEnv. A session can play any number of episodes, one after the other. */
import type { FastifyBaseLogger } from 'fastify';
import { type ReadAction, readAction } from '../../world/completion/completion.ts';
import type { Context } from '../app.ts';
import { once } from '../batch/remembered.ts';
import type { WireForm } from '../forms.ts';
import { digest } from '../guard.ts';
import type { Rpc } from '../mcp/rpc.ts';
import { toolStep } from '../mcp/tools.ts';
import { Problem, problemOf } from '../problem.ts';
import { doorsOf, type Profiles, withProfiles } from '../profiles.ts';
import type { Answer } from '../session.ts';
import { CapacityReached, type SessionEntry } from '../sessions.ts';
import { isToolAction } from '../step-action.ts';
import type { SocketSurface, Talk } from './accept.ts';
import type { Answered, SocketLink } from './link.ts';
import {
  messageSchema,
  readJsonText,
  readMessage,
  requestIdIn,
  requestIdOf,
  type SocketMessage,
  written,
  writtenError,
  writtenObservation,
} from './messages.ts';
import { Validation } from './validation.ts';

const NORMAL = 1000;
/** The error codes that are sent as they are. Any other error while a message is carried out is sent as EXECUTION_ERROR. */
const CODES: ReadonlySet<string> = new Set([
  'INVALID_JSON',
  'UNKNOWN_TYPE',
  'VALIDATION_ERROR',
  'SESSION_ERROR',
  'RESET_NEEDED',
  'REQUEST_ID_REUSED',
  'ANSWER_FORGOTTEN',
  'RATE_LIMITED',
]);

const REFUSALS: ReadonlySet<string> = new Set(['CAPACITY_REACHED', 'SESSION_ERROR', 'RATE_LIMITED']);

export function openEnvSurface(context: Context, rpc: Rpc, form: WireForm): SocketSurface {
  const { validationToken } = context.options;
  const token = validationToken === undefined ? undefined : digest(validationToken);
  const profiles = doorsOf(context.options)[form.door];
  const protocol: Protocol = { context, rpc, form, schema: messageSchema(form), profiles };
  return {
    name: `${form.base}/ws`,
    begin: (entry, link, log) => new OpenEnvTalk(protocol, entry, link, log, token && new Validation(token)),
    refusal: (problem, message) =>
      writtenError(
        REFUSALS.has(problem.code) ? problem.code : 'FACTORY_ERROR',
        problem,
        message && requestIdIn(message),
        problem instanceof CapacityReached ? problem.figures : {},
      ),
  };
}

/** What all connections of a route share. */
type Protocol = {
  readonly context: Context;
  readonly rpc: Rpc;
  readonly form: WireForm;
  readonly schema: ReturnType<typeof messageSchema>;
  /** The profiles of an episode whose client names none. */
  readonly profiles: Profiles;
};

class OpenEnvTalk implements Talk {
  entry: SessionEntry;
  private readonly protocol: Protocol;
  private readonly link: SocketLink;
  private readonly log: FastifyBaseLogger;
  private readonly validation: Validation | undefined;

  constructor(
    protocol: Protocol,
    entry: SessionEntry,
    link: SocketLink,
    log: FastifyBaseLogger,
    validation: Validation | undefined,
  ) {
    this.protocol = protocol;
    this.entry = entry;
    this.link = link;
    this.log = log;
    this.validation = validation;
  }

  answer(bytes: Buffer): Answered | Promise<Answered> {
    const began = performance.now();
    const { context, form, schema } = this.protocol;
    let requestId: string | undefined;
    try {
      const raw = readJsonText(bytes, form.parse);
      requestId = requestIdOf(raw);
      if (this.validation?.concerns(raw)) {
        return this.validation.answer(raw, this.entry.session.answer !== undefined);
      }
      const message = readMessage(raw, schema);
      if (message.type === 'mcp') return this.relay(message.data, requestId);
      const stepped = (): void => context.metrics.stepped(form.surfaces.ws, 1, began);
      const carryOut = (read?: ReadAction): Answered => {
        const text = this.carryOut(message, read, requestId, stepped);
        this.validation?.keep(message, bytes, text, this.entry.session);
        return text;
      };
      if (message.type !== 'reset' && message.type !== 'step') return carryOut();
      const isRead = message.type === 'step' && !isToolAction(message.data);
      const read = isRead ? context.reader.read(message.data) : undefined;
      if (requestId === undefined && !(read instanceof Promise)) return carryOut(read);
      return this.playOnce(message, read, requestId, carryOut);
    } catch (error) {
      return this.refuse(error, requestId);
    }
  }

  /** A reset or step that is sent again with the same request_id, on whatever socket the session has by then, is not played again. */
  private async playOnce(
    { type, data }: Extract<SocketMessage, { type: 'reset' | 'step' }>,
    reading: ReadAction | Promise<ReadAction> | undefined,
    requestId: string | undefined,
    play: (read?: ReadAction) => Answered,
  ): Promise<Answered> {
    try {
      const read = await reading;
      // If the socket lost its session meanwhile, the message is not played. A client that resumed the session has seen its state.
      if (this.entry.connection !== this.link) return undefined;
      return await once(this.entry.answers, requestId, type, { data }, () => play(read) ?? '');
    } catch (error) {
      return this.refuse(error, requestId);
    }
  }

  /** @param read The action of a step, once it was read. @param stepped Called after a step was played. */
  private carryOut(
    message: Exclude<SocketMessage, { type: 'mcp' }>,
    read: ReadAction | undefined,
    requestId: string | undefined,
    stepped: () => void,
  ): Answered {
    const { session } = this.entry;
    const { form } = this.protocol;
    switch (message.type) {
      case 'reset':
        return writtenObservation(
          form.json(session.reset(withProfiles(message.data ?? {}, this.protocol.profiles), ['data'])),
          requestId,
        );
      case 'step': {
        const { data } = message;
        if (isToolAction(data)) return written('observation', toolStep(session, data, stepped), requestId);
        const text = writtenObservation(form.play(session, read ?? readAction(data)), requestId);
        stepped();
        return text;
      }
      case 'state':
        return written('state', session.state(), requestId);
      case 'resume':
        return writtenObservation(form.json(this.resume(message.data.session_token)), requestId);
      case 'close':
        this.protocol.context.sessions.finish(this.entry, this.link);
        this.link.close(NORMAL, 'the client sent close');
        return undefined;
    }
  }

  private resume(token: string): Answer {
    const { sessions } = this.protocol.context;
    const resumed = sessions.resume(token, this.link, this.entry.address);
    const answer = resumed?.session.answer;
    if (resumed === undefined || answer === undefined) {
      throw new Problem(
        404,
        'SESSION_ERROR',
        'there is no session with that token: it was closed, was idle for too long or gave way to newer ones; a reset begins another episode here',
      );
    }
    if (resumed !== this.entry) sessions.detach(this.entry, this.link);
    this.entry = resumed;
    return answer;
  }

  /** Answers a JSON-RPC message. A notification gets an answer only if the message has a request_id. */
  private async relay(data: unknown, requestId: string | undefined): Promise<Answered> {
    try {
      const answer = await this.protocol.rpc.receive(data, { address: this.entry.address, own: this.entry });
      if (answer === undefined && requestId === undefined) return undefined;
      return written('mcp', answer ?? null, requestId);
    } catch (error) {
      return this.refuse(error, requestId);
    }
  }

  private refuse(error: unknown, requestId: string | undefined): string {
    let problem = problemOf(error, 'data');
    if (problem === undefined) {
      this.log.error({ err: error }, 'a message failed because of an error in the server');
      problem = new Problem(500, 'EXECUTION_ERROR', 'the server failed; its log says why');
    }
    const code = CODES.has(problem.code) ? problem.code : 'EXECUTION_ERROR';
    this.protocol.context.metrics.failed(code);
    return writtenError(code, problem, requestId);
  }
}
