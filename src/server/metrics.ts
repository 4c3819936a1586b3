/** What a server counts, for GET /metrics in the text format of Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { logOutput } from './log-output.ts';

/** How a step came in. */
export type Surface = 'http' | 'ws' | 'mcp' | 'batch' | 'web';

/** What is counted when it is asked for. */
export type Gauges = {
  sessions(): number;
  kept(): number;
  episodes(): number;
  batches(): number;
  envs(): number;
  held(): number;
  unsent(): number;
};

/** Of the process, which its servers share: what collects them is never ended. */
let processMetrics: Registry | undefined;

function collectProcessMetrics(): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register, prefix: 'ghostexec_' });
  return register;
}

export class Metrics {
  readonly registry = new Registry();
  private readonly steps: Counter<'surface'>;
  private readonly latency: Histogram<'surface'>;
  private readonly errors: Counter<'code'>;
  private readonly cuts: Counter<'reason'>;
  private readonly restarts: Counter;
  private readonly recoveries: Counter;
  /** Bound to their label once: looking labels up at every step costs more than counting. */
  private readonly bound: Partial<
    Record<Surface, { steps: Counter.Internal; latency: Histogram.Internal<'surface'> }>
  > = {};

  constructor(gauges: Gauges) {
    const registers = [this.registry];
    processMetrics ??= collectProcessMetrics();
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    };
    gauge('ghostexec_sessions', 'WebSocket and MCP sessions, those kept for a resume included', gauges.sessions);
    gauge('ghostexec_kept_sessions', 'Sessions without a socket or a slot, kept for a resume', gauges.kept);
    gauge('ghostexec_http_episodes', 'Episodes begun by POST /reset that can be gone on with', gauges.episodes);
    gauge('ghostexec_batches', 'Batches', gauges.batches);
    gauge('ghostexec_batch_envs', 'Environments of all batches', gauges.envs);
    gauge(
      'ghostexec_held_bytes',
      'Memory that episodes, sessions, batches and compiled scenarios hold, of --max-memory',
      gauges.held,
    );
    gauge('ghostexec_unsent_bytes', 'Bytes of answers that wait for clients to read them', gauges.unsent);
    this.steps = new Counter({
      name: 'ghostexec_steps_total',
      help: 'Steps played; each environment of a batch counts',
      labelNames: ['surface'],
      registers,
    });
    this.latency = new Histogram({
      name: 'ghostexec_step_duration_seconds',
      help: 'From a step request read to its answer ready to be sent; a step of a batch is one observation',
      labelNames: ['surface'],
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    });
    this.errors = new Counter({
      name: 'ghostexec_errors_total',
      help: 'Requests and messages that were refused, by code',
      labelNames: ['code'],
      registers,
    });
    this.cuts = new Counter({
      name: 'ghostexec_connections_cut_total',
      help: 'Connections that the server ended, by reason: pipeline, stalled, unsent, incoming, connections, dead',
      labelNames: ['reason'],
      registers,
    });
    this.restarts = new Counter({
      name: 'ghostexec_worker_restarts_total',
      help: 'Shards of batches that were lost with their episodes and begun anew by a reset or a restore',
      registers,
    });
    this.recoveries = new Counter({
      name: 'ghostexec_recoveries_total',
      help: 'Worker threads that were lost and replaced without anything being lost',
      registers,
    });
    new Counter({
      name: 'ghostexec_log_lines_dropped_total',
      help: 'Lines of the log of this process that stdout did not take',
      registers,
      collect() {
        this.reset();
        this.inc(logOutput.dropped);
      },
    });
  }

  /** Everything, those of the process included, in the text format of Prometheus. */
  async text(): Promise<string> {
    return `${await this.registry.metrics()}\n${(await processMetrics?.metrics()) ?? ''}`;
  }

  /** @param began performance.now() when the request was read */
  stepped(surface: Surface, count: number, began: number): void {
    let { [surface]: bound } = this.bound;
    if (bound === undefined) {
      bound = { steps: this.steps.labels(surface), latency: this.latency.labels(surface) };
      this.bound[surface] = bound;
    }
    bound.steps.inc(count);
    bound.latency.observe((performance.now() - began) / 1000);
  }

  failed(code: string): void {
    this.errors.inc({ code });
  }

  /**
   * A connection was ended: too many requests waited on it; it took nothing for too long; it owed the most when too much waited
   * for clients; too much of requests and messages had come in that were not complete, most of it on this one; there were
   * too many connections; or it was a socket that answered no ping for too long.
   */
  cut(reason: 'pipeline' | 'stalled' | 'unsent' | 'incoming' | 'connections' | 'dead'): void {
    this.cuts.inc({ reason });
  }

  restarted(count: number): void {
    this.restarts.inc(count);
  }

  recovered(): void {
    this.recoveries.inc();
  }
}
