/** How many requests and messages a client address may send in a minute. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { ServerOptions } from '../options.ts';
import { Problem } from '../problem.ts';

const MINUTE_S = 60;

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

  /** Counts one request or message. Answers 0, or the whole seconds (1 to 60) to wait where it is one too many. */
  async take(address: string): Promise<number> {
    if (this.limiter === undefined) return 0;
    try {
      await this.limiter.consume(address);
      return 0;
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      return Math.max(1, Math.ceil(error.msBeforeNext / 1000));
    }
  }

  /** What one who has to wait is told. */
  problem(seconds: number): Problem {
    return new Problem(
      429,
      'RATE_LIMITED',
      `more than ${this.limit} requests and messages in a minute; try again in ${seconds} s`,
    );
  }
}
