/** The options of a server. Each of them except `validationToken` is a flag of `ghostexec serve` and an environment variable. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { ValidationError } from '../lib/errors.ts';
import { defaultTaskIds, taskIds } from '../scenarios/shipped.ts';
import { REWARD_MODES } from '../sim/breakdown.ts';
import { DEFAULT_RULES, RULES } from '../sim/rules.ts';
import { parseWith } from '../world/validate.ts';
import { defaultMemory } from './memory.ts';
import { isAddressRange, isMachineName, isPathPrefix, originOf } from './names.ts';
import { profileOptions } from './profiles.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** The words of OpenEnv. In production mode clients reach only what an agent needs, unless they have the key of the trainer. */
export const SERVER_MODES = ['simulation', 'production'] as const;

/** A key, which a client sends in a header. */
const key = z.string().regex(/^[\x21-\x7e]+$/, 'expected visible ASCII characters, at least one, and no space');

const seconds = z.number().positive().max(604_800);

export const serverOptionsSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  port: z.int().min(0).max(65_535).default(8000).describe('port to listen on; 0: a free one'),
  basePath: z
    .string()
    .refine(isPathPrefix, 'expected a path such as /ghostexec: letters, digits, _ ~ - and dots within, no / at the end')
    .default('')
    .describe('path prefix below which a proxy publishes the server; the server answers with and without it'),
  trustProxy: z
    .array(z.string().refine(isAddressRange, 'expected an IP address, or a range such as 10.0.0.0/8'))
    .default([])
    .describe('addresses of proxies whose X-Forwarded-Prefix and X-Forwarded-For count; repeat it or use commas'),
  task: z
    .string()
    .refine((task) => taskIds().includes(task), { error: () => `expected one of ${taskIds().join(', ')}` })
    .default(() => defaultTaskIds()[0] ?? '')
    .describe('task of a reset that does not name one'),
  rules: z.enum(RULES).default(DEFAULT_RULES).describe('ruleset of a reset that does not name one'),
  rewardMode: z.enum(REWARD_MODES).default('full').describe('reward mode of a reset that does not name one'),
  ...profileOptions,
  maxSessions: z
    .int()
    .min(1)
    .max(100_000)
    .default(4_096)
    .describe('maximum number of WebSocket, MCP and ORS sessions at once'),
  maxSessionsPerClient: z
    .int()
    .min(0)
    .max(100_000)
    .default(0)
    .describe(
      'maximum number of WebSocket, MCP and ORS sessions of one client address at once; 0: no limit per client',
    ),
  episodeTimeout: seconds
    .default(21_600)
    .describe('seconds for which the server keeps an idle episode of HTTP, MCP or ORS, or of a closed socket'),
  socketIdleTimeout: z
    .number()
    .min(0)
    .max(604_800)
    .default(0)
    .describe('seconds without a message until a socket is closed and its session kept for resume; 0: never'),
  pingInterval: seconds.default(20).describe('seconds between two pings to a socket'),
  pingTimeout: seconds
    .default(300)
    .describe('seconds for which a socket may leave pings unanswered before it counts as dead and is closed'),
  maxBatches: z.int().min(1).max(1_000).default(16).describe('maximum number of batches at once'),
  maxEnvs: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(65_536)
    .describe('maximum number of environments of all batches together'),
  batchTimeout: seconds.default(21_600).describe('seconds until an idle batch is deleted'),
  maxMemory: z
    .int()
    .min(1)
    .max(1_048_576)
    .default(() => defaultMemory())
    .describe('maximum memory of kept episodes, sessions, batches and compiled scenarios together, in MiB'),
  workers: z
    .int()
    .min(1)
    .max(256)
    .default(() => availableParallelism())
    .describe('maximum number of worker threads of a batch'),
  bodyLimit: z.int().min(1).max(1_024).default(16).describe('largest request body or WebSocket message, in MiB'),
  maxConnections: z.int().min(1).max(1_000_000).default(16_384).describe('maximum number of connections at once'),
  maxUnsent: z
    .int()
    .min(1)
    .max(1_048_576)
    .default(256)
    .describe(
      'maximum size of all answers that wait for clients to read them, in MiB; above it, clients that do not read are cut',
    ),
  stallTimeout: seconds
    .default(60)
    .describe('seconds after which a connection is cut whose client reads nothing of a waiting answer'),
  apiKey: key
    .optional()
    .describe('bearer token that every request must carry, except GET /health and the files of the pages'),
  mode: z
    .enum(SERVER_MODES)
    .default('simulation')
    .describe('production: only requests with the trainer key begin, steer and read episodes; agents play over MCP'),
  trainerKey: key.optional().describe('bearer token of the trainer in production mode; it opens every route'),
  validationToken: z
    .string()
    .regex(/^[\x21-\x7e]{32,256}$/, 'expected 32 to 256 visible ASCII characters, and no space')
    .optional()
    .describe('token with which automatic validation reads the record of a WebSocket'),
  allowHost: z
    .array(z.string().refine((name) => name === '*' || isMachineName(name), 'expected a name without a port, or *'))
    .default([])
    .describe(
      'more host names under which a keyless server on a loopback address answers; * for any; repeat it or use commas',
    ),
  allowOrigin: z
    .array(
      z
        .string()
        .refine(
          (text) => text === '*' || originOf(text) !== undefined,
          'expected an origin as https://a.example, or *',
        ),
    )
    .default([])
    .describe(
      'origins whose pages may read answers (CORS), such as https://a.example; * for all; repeat it or use commas',
    ),
  snapshotKey: z
    .string()
    .regex(/^[\x21-\x7e]{32,}$/, 'expected at least 32 visible ASCII characters, and no space')
    .optional()
    .describe(
      'key that signs the snapshots of clients; servers with the same key accept snapshots of each other; default: a random key',
    ),
  rateLimit: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(0)
    .describe('maximum number of requests and messages per minute and client address; 0: no limit'),
  oracle: z
    .boolean()
    .default(false)
    .describe('whether the playground may show the best known plan of a task; never train against such a server'),
  traces: z
    .array(z.string().min(1, 'expected a path'))
    .default([])
    .describe(
      'trajectories that /web/traces shows: files, folders of runs, or folders that contain those; repeat it or use commas',
    ),
  logLevel: z.enum(LOG_LEVELS).default('info').describe('lowest level of the log lines that are written'),
});

export type ServerOptions = z.output<typeof serverOptionsSchema>;
export type ServerOptionsInput = z.input<typeof serverOptionsSchema>;

/** Options whose values are never shown, not even in an error message. */
export const SECRETS = ['apiKey', 'trainerKey', 'validationToken', 'snapshotKey'] as const;

/** Why a secret cannot be used, without its value; undefined if it can. */
export function secretProblem(name: (typeof SECRETS)[number], value: unknown): string | undefined {
  const result = serverOptionsSchema.shape[name].safeParse(value);
  return result.success ? undefined : `${result.error.issues[0]?.message}; its value is not shown here`;
}

/**
 * Validates the options and fills in the defaults.
 * @throws ValidationError
 */
export function parseServerOptions(input: ServerOptionsInput): ServerOptions {
  const problems = SECRETS.flatMap((name) => {
    const problem = secretProblem(name, input[name]);
    return problem === undefined ? [] : [`${name}: ${problem}`];
  });
  if (problems.length > 0) throw new ValidationError('server options', problems);
  const options = parseWith(serverOptionsSchema, input, 'server options');
  const problem = keyProblem(options);
  if (problem !== undefined) throw new ValidationError('server options', [problem]);
  return options;
}

/** Why the mode and the keys do not go together; undefined if they do. */
export function keyProblem({ mode, apiKey, trainerKey }: ServerOptionsInput): string | undefined {
  if (trainerKey === undefined) {
    return mode === 'production'
      ? 'trainerKey: missing; the mode production needs one (--trainer-key or GHOSTEXEC_TRAINER_KEY), for only the trainer begins episodes'
      : undefined;
  }
  if (mode !== 'production') return 'trainerKey: it has a meaning only in the mode production (--mode production)';
  return trainerKey === apiKey ? 'trainerKey: expected another key than apiKey, which agents have' : undefined;
}
