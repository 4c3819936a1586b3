/** How many requests and messages a client address may send in a minute; each call of a JSON-RPC list counts as one. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { ServerOptions } from '../options.ts';
import { Problem } from '../problem.ts';

const MINUTE_S = 60;

/** A request, message or list of calls that is one too many. */
export class RateLimited extends Problem {
  override readonly retryAfter: number;

  /** @param seconds Until there is room again. */
  constructor(limit: number, seconds: number) {
    super(
      429,
      'RATE_LIMITED',
      `more than ${limit} requests, messages and calls in a minute; try again in ${seconds} s`,
    );
    this.retryAfter = seconds;
  }
}

export class Limiter {
  private readonly limiter: RateLimiterMemory | undefined;
  private readonly limit: number;

  constructor({ rateLimit }: Pick<ServerOptions, 'rateLimit'>) {
    this.limit = rateLimit;
    if (rateLimit > 0) this.limiter = new RateLimiterMemory({ points: rateLimit, duration: MINUTE_S });
  }

  /** Whether there is a limit at all; where there is none, callers need not wait for `take`. */
  get active(): boolean {
    return this.limiter !== undefined;
  }

  /**
   * Counts so many requests, messages or calls of a client.
   * @throws RateLimited where they are more than the client may send now; they are counted all the same
   */
  async take(address: string, count = 1): Promise<void> {
    if (this.limiter === undefined || count === 0) return;
    try {
      await this.limiter.consume(address, count);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw new RateLimited(this.limit, Math.max(1, Math.ceil(error.msBeforeNext / 1000)));
    }
  }
}
