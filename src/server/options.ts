/** What a server can be told: each option but `validationToken` is a flag of `ghostexec serve` and a variable of the environment. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { ValidationError } from '../lib/errors.ts';
import { REWARD_MODES } from '../sim/breakdown.ts';
import { DEFAULT_RULES, RULES } from '../sim/rules.ts';
import { defaultTaskIds, taskIds } from '../world/tasks.ts';
import { parseWith } from '../world/validate.ts';
import { isAddressRange, isMachineName, isPathPrefix, originOf } from './guard/names.ts';
import { defaultMemory } from './memory.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const seconds = z.number().positive().max(604_800);

export const serverOptionsSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  port: z.int().min(0).max(65_535).default(8000).describe('port to listen on; 0 takes a free one'),
  basePath: z
    .string()
    .refine(isPathPrefix, 'expected a path such as /ghostexec: letters, digits, _ ~ - and dots within, no / at the end')
    .default('')
    .describe('path below which a proxy shows the server; the server answers with and without it'),
  trustProxy: z
    .array(z.string().refine(isAddressRange, 'expected an IP address, or a range such as 10.0.0.0/8'))
    .default([])
    .describe('addresses of proxies whose X-Forwarded-Prefix and X-Forwarded-For count; repeat it or use commas'),
  task: z
    .string()
    .refine((task) => taskIds().includes(task), { error: () => `expected one of ${taskIds().join(', ')}` })
    .default(() => defaultTaskIds()[0] ?? '')
    .describe('task of a reset that names none'),
  rules: z.enum(RULES).default(DEFAULT_RULES).describe('ruleset of a reset that names none'),
  rewardMode: z.enum(REWARD_MODES).default('full').describe('reward mode of a reset that names none'),
  maxSessions: z.int().min(1).max(100_000).default(4_096).describe('WebSocket and MCP sessions at once'),
  maxSessionsPerClient: z
    .int()
    .min(0)
    .max(100_000)
    .default(0)
    .describe('WebSocket and MCP sessions at once of one client address; 0: as many as there may be'),
  episodeTimeout: seconds
    .default(21_600)
    .describe('seconds for which an idle episode is kept: of HTTP, of MCP, or of a socket that was closed'),
  socketIdleTimeout: z
    .number()
    .min(0)
    .max(604_800)
    .default(0)
    .describe('seconds without a message until a socket is closed, its session kept for resume; 0: never'),
  pingInterval: seconds.default(20).describe('seconds between the pings that a socket gets'),
  pingTimeout: seconds
    .default(300)
    .describe('seconds for which a socket may leave pings unanswered before it counts as dead and is closed'),
  maxBatches: z.int().min(1).max(1_000).default(16).describe('batches at once'),
  maxEnvs: z.int().min(1).max(1_000_000).default(65_536).describe('environments of all batches together'),
  batchTimeout: seconds.default(1_800).describe('seconds until an idle batch is deleted'),
  maxMemory: z
    .int()
    .min(1)
    .max(1_048_576)
    .default(() => defaultMemory())
    .describe('MiB that kept episodes, sessions, batches and compiled scenarios may hold together'),
  workers: z
    .int()
    .min(1)
    .max(256)
    .default(() => availableParallelism())
    .describe('worker threads of a batch'),
  bodyLimit: z.int().min(1).max(1_024).default(16).describe('largest request body or WebSocket message, in MiB'),
  maxConnections: z.int().min(1).max(1_000_000).default(16_384).describe('connections at once'),
  maxUnsent: z
    .int()
    .min(1)
    .max(1_048_576)
    .default(256)
    .describe('MiB of answers that may wait for clients to read them; beyond, connections that do not read are cut'),
  stallTimeout: seconds
    .default(60)
    .describe('seconds until a connection is cut that takes nothing of what waits for it'),
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'expected visible ASCII characters, at least one, and no space')
    .optional()
    .describe('bearer token that every request must carry, but GET /health and the files of the pages'),
  validationToken: z
    .string()
    .regex(/^[\x21-\x7e]{32,256}$/, 'expected 32 to 256 visible ASCII characters, and no space')
    .optional()
    .describe('opens the records that automatic validation asks a WebSocket for'),
  allowHost: z
    .array(z.string().refine((name) => name === '*' || isMachineName(name), 'expected a name without a port, or *'))
    .default([])
    .describe(
      'names that a keyless server on a loopback address answers to besides those of this machine; * for any; repeat it or use commas',
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
    .describe('origins whose pages may read answers (CORS), as https://a.example; * for all; repeat it or use commas'),
  snapshotKey: z
    .string()
    .regex(/^[\x21-\x7e]{32,}$/, 'expected at least 32 visible ASCII characters, and no space')
    .optional()
    .describe(
      'signs the snapshots that clients keep; servers with the same one accept those of each other. Unless given, one is drawn',
    ),
  rateLimit: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(0)
    .describe('requests and messages a minute and client address; 0: no limit'),
  oracle: z
    .boolean()
    .default(false)
    .describe('whether the playground may show the best plan known for a task; training must not see such a server'),
  traces: z
    .array(z.string().min(1, 'expected a path'))
    .default([])
    .describe(
      'trajectories that /web/traces shows: files, folders of runs, or folders of such; repeat it or use commas',
    ),
  logLevel: z.enum(LOG_LEVELS).default('info').describe('least severe log lines that are written'),
});

export type ServerOptions = z.output<typeof serverOptionsSchema>;
export type ServerOptionsInput = z.input<typeof serverOptionsSchema>;

/** Their values are shown nowhere, not even where they cannot be used. */
export const SECRETS = ['apiKey', 'validationToken', 'snapshotKey'] as const;

/** Why a secret cannot be used, without showing it; undefined where it can. */
export function secretProblem(name: (typeof SECRETS)[number], value: unknown): string | undefined {
  const result = serverOptionsSchema.shape[name].safeParse(value);
  return result.success ? undefined : `${result.error.issues[0]?.message}; its value is not shown here`;
}

/** @throws ValidationError */
export function parseServerOptions(input: ServerOptionsInput): ServerOptions {
  const problems = SECRETS.flatMap((name) => {
    const problem = secretProblem(name, input[name]);
    return problem === undefined ? [] : [`${name}: ${problem}`];
  });
  if (problems.length > 0) throw new ValidationError('server options', problems);
  return parseWith(serverOptionsSchema, input, 'server options');
}
