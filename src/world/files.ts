/** Scenario and drift files on disk. */
import { readFileSync } from 'node:fs';
import { GhostexecError, messageOf } from '../lib/errors.ts';
import { parseJson } from '../lib/text.ts';
import { coerceDocument } from './coerce.ts';
import { type Drift, driftSchema, type Scenario, scenarioSchema } from './schema.ts';
import { parseWith } from './validate.ts';

/**
 * Reads a JSON document.
 * @throws GhostexecError with code FILE if the file cannot be read or parsed
 */
export function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new GhostexecError('FILE', `cannot read ${path}: ${messageOf(error)}`);
  }
  try {
    return parseJson(text);
  } catch (error) {
    throw new GhostexecError('FILE', `${path} is not JSON: ${messageOf(error)}`);
  }
}

/**
 * Reads and validates a scenario file.
 * @throws GhostexecError, ValidationError
 */
export function readScenario(path: string): Scenario {
  return parseWith(scenarioSchema, coerceDocument(readJson(path)), `scenario ${path}`);
}

/**
 * Reads and validates a drift file.
 * @throws GhostexecError, ValidationError
 */
export function readDrift(path: string): Drift {
  return parseWith(driftSchema, coerceDocument(readJson(path)), `drift ${path}`);
}

/** Whether a document is a drift file, that is, has events and no day. All other documents are treated as scenarios. */
export function isDriftDocument(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'events' in document && !('simulation_time' in document);
}
