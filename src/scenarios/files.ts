/** Scenario and drift files on disk. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { GhostexecError, messageOf } from '../lib/errors.ts';
import { parseJson, quote } from '../lib/text.ts';
import { EDITIONS, otherEdition } from '../sim/edition.ts';
import { actionSchema, type Drift, driftSchema, type Scenario, scenarioSchema } from '../world/schema.ts';
import { coerceDocument, parseWith } from '../world/validate.ts';

/**
 * Reads a JSON document.
 * @throws GhostexecError with code NO_FILE if there is no such file, FILE if it cannot be read or parsed
 */
export function readJsonFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw cannotRead(path, error);
  }
  try {
    return parseJson(text);
  } catch (error) {
    throw new GhostexecError('FILE', `${path} is not JSON: ${messageOf(error)}`);
  }
}

/** The error for a path that cannot be read: code NO_FILE if there is nothing, else FILE. */
export function cannotRead(path: string, error: unknown): GhostexecError {
  const isMissing = (error as NodeJS.ErrnoException)?.code === 'ENOENT';
  if (isMissing) return new GhostexecError('NO_FILE', `there is no file or folder ${quote(path, 300)}`);
  return new GhostexecError('FILE', `cannot read ${path}: ${messageOf(error)}`);
}

/**
 * Validates a scenario, for example the JSON of a request, and fills in the defaults. As in the published environment, `"30"` is
 * a number and `"yes"` a boolean where one is expected. The limits of the rules are checked when an environment is made.
 * @param subject What the document is called in errors.
 * @throws ValidationError with the path and the value of every problem
 * @example
 * const scenario = parseScenario(JSON.parse(text));
 * const env = SoloEnv.create({ scenario });
 */
export function parseScenario(document: unknown, subject = 'the scenario'): Scenario {
  return parseWith(scenarioSchema, coerceDocument(document), subject);
}

/**
 * Validates a drift document in the same way.
 * @throws ValidationError with the path and the value of every problem
 * @example
 * const env = SoloEnv.create({ task: 'phase2_core', drift: parseDrift(JSON.parse(text)) });
 */
export function parseDrift(document: unknown, subject = 'the drift'): Drift {
  return parseWith(driftSchema, coerceDocument(document), subject);
}

/**
 * Reads and validates a scenario file.
 * @throws GhostexecError (NO_FILE, FILE) if it cannot be read or is not JSON; ValidationError
 * @example
 * const env = SoloEnv.create({ scenario: readScenario('my-day.json') });
 */
export function readScenario(path: string): Scenario {
  return parseScenario(readJsonFile(path), `scenario ${path}`);
}

/**
 * Reads and validates a drift file.
 * @throws GhostexecError (NO_FILE, FILE) if it cannot be read or is not JSON; ValidationError
 */
export function readDrift(path: string): Drift {
  return parseDrift(readJsonFile(path), `drift ${path}`);
}

/** Whether a document is a drift file, that is, has events and no day. All other documents are treated as scenarios. */
export function isDriftDocument(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'events' in document && !('simulation_time' in document);
}

// The best known plan for a task, in a sidecar next to its scenario. It is for graders and must never reach a policy.

const oracleSchema = z.strictObject({
  task_id: z.string(),
  rules: z.literal('v2'),
  edition: z.literal(EDITIONS.v2),
  scenario_sha256: z.string().describe('Of the scenario and drift that the plan is for'),
  v_floor: z.number().describe('V of an episode in which nothing is done'),
  v_oracle: z.number().describe('V of an episode that follows the plan'),
  return: z.number().describe('Sum of the rewards of the plan'),
  solver: z.record(z.string(), z.unknown()).describe('How it was found'),
  plan: z.array(actionSchema),
});
/** The best known plan for a task, and its value. */
export type Oracle = z.output<typeof oracleSchema>;

/**
 * The plan in a sidecar; undefined if the file does not exist.
 * @throws GhostexecError (NO_FILE, FILE) if it cannot be read, (OLD_FORMAT) if it is of another edition of the rules;
 * ValidationError
 */
export function readOracle(path: string): Oracle | undefined {
  if (!existsSync(path)) return undefined;
  const value = readJsonFile(path);
  const other = otherEdition(Object(value).rules, Object(value).edition);
  if (other !== undefined) {
    throw new GhostexecError('OLD_FORMAT', `${path} is ${other}; solve the task again (ghostexec solve TASK)`);
  }
  return parseWith(oracleSchema, value, path);
}
