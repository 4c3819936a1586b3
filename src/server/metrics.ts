/** The metrics of a server, for GET /metrics in the text format of Prometheus. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { LineOutput } from '../lib/line-output.ts';

// The output of the log: stdout, which all servers of one process share.

/** The number of the level `warn` in pino. */
const WARN = 40;

export const logOutput = new LineOutput(1, (dropped) => {
  const line = { level: WARN, time: Date.now(), pid: process.pid, dropped, msg: 'log lines were dropped' };
  return `${JSON.stringify(line)}\n`;
});

/** The interface over which a step arrived. */
export type Surface = 'http' | 'ws' | 'text' | 'mcp' | 'ors' | 'batch' | 'web';

/** Values that are read whenever the metrics are requested. */
type Gauges = {
  sessions(): number;
  kept(): number;
  episodes(): number;
  batches(): number;
  envs(): number;
  held(): number;
  unsent(): number;
};

/** Metrics of the process. All servers of the process share them, because their collectors never end. */
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
  /** The step metrics of each surface. They are looked up once, because the lookup of a label costs more than the count. */
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
    gauge('ghostexec_sessions', 'WebSocket, MCP and ORS sessions, those kept for a resume included', gauges.sessions);
    gauge('ghostexec_kept_sessions', 'Sessions without a socket or a slot, kept for a resume', gauges.kept);
    gauge('ghostexec_http_episodes', 'Episodes begun by POST /reset that can be continued', gauges.episodes);
    gauge('ghostexec_batches', 'Batches', gauges.batches);
    gauge('ghostexec_batch_envs', 'Environments of all batches', gauges.envs);
    gauge(
      'ghostexec_held_bytes',
      'Bytes of memory that episodes, sessions, batches and compiled scenarios hold; --max-memory limits them',
      gauges.held,
    );
    gauge('ghostexec_unsent_bytes', 'Bytes of answers that wait for clients to read them', gauges.unsent);
    const counter = <L extends string = never>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
      new Counter({ name, help, labelNames, registers });
    this.steps = counter(
      'ghostexec_steps_total',
      'Steps played; in a batch, a step of one environment counts as one',
      'surface',
    );
    this.errors = counter('ghostexec_errors_total', 'Requests and messages that were refused, by code', 'code');
    this.cuts = counter(
      'ghostexec_connections_cut_total',
      'Connections that the server ended, by reason: pipeline, stalled, unsent, incoming, connections, dead',
      'reason',
    );
    this.restarts = counter(
      'ghostexec_worker_restarts_total',
      'Shards of batches that were lost with their episodes and restarted by a reset or a restore',
    );
    this.recoveries = counter(
      'ghostexec_recoveries_total',
      'Worker threads that were lost and replaced without the loss of any episode',
    );
    this.latency = new Histogram({
      name: 'ghostexec_step_duration_seconds',
      help: 'Seconds from reading a step request until its answer is ready to be sent; one observation for each batch request',
      labelNames: ['surface'],
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
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

  /** All metrics, those of the process included, in the text format of Prometheus. */
  async text(): Promise<string> {
    return `${await this.registry.metrics()}\n${(await processMetrics?.metrics()) ?? ''}`;
  }

  /** Counts steps. @param began performance.now() when the request was read */
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
   * Counts a connection that the server cut, by reason:
   * - `pipeline`: too many requests waited on it
   * - `stalled`: its client read nothing for too long
   * - `unsent`: too many bytes waited for clients, most of them on this connection
   * - `incoming`: there were too many bytes of incomplete requests and messages, most of them on this connection
   * - `connections`: there were too many connections
   * - `dead`: it was a socket that left pings unanswered for too long
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
