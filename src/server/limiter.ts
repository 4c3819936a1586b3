/** The rate limit: how many requests and messages a client address may send per minute. Each call in a JSON-RPC batch counts as one. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { ServerOptions } from './options.ts';
import { Problem } from './problem.ts';

const MINUTE_S = 60;

/** A request, message or batch of calls that exceeds the rate limit. */
export class RateLimited extends Problem {
  override readonly retryAfter: number;

  /** @param seconds Seconds until the client may send again. */
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

  /** Whether there is a limit. If not, callers need not await `take`. */
  get active(): boolean {
    return this.limiter !== undefined;
  }

  /**
   * Counts `count` requests, messages or calls of a client.
   * @throws RateLimited if they exceed the limit of the client; they are counted nevertheless
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
