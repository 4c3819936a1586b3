/** The operations of OpenEnv's validator (RFC 008) on a /ws connection, and the transcript that it keeps. */
import { expect } from 'vitest';
import { PLAN } from '../docs/support-manifest.ts';
import { Client, type Reply } from './support-ws.ts';

export const TOKEN = 'a-token-of-one-run-of-the-validator-0123456789';

export type Exchange = { readonly operation: string; readonly request: unknown; readonly response: Reply };

export type Telemetry = {
  readonly schema_version: number;
  readonly seed: unknown;
  readonly trajectory: {
    readonly schema_version: number;
    readonly source: string;
    readonly complete: boolean;
    readonly reason: string | null;
    readonly records: readonly unknown[];
  };
};

export const opening = (token: unknown = TOKEN): object => ({
  type: 'validation_open',
  data: { schema_version: 1, token },
});
export const reading = (capability: unknown): object => ({
  type: 'validation_read',
  data: { schema_version: 1, capability },
});

/** Opens validation. @returns the capability */
export async function open(client: Client): Promise<string> {
  const { type, data } = await client.ask(opening());
  expect([type, data.schema_version]).toEqual(['validation_open', 1]);
  return String(data.capability);
}

export async function read(client: Client, capability: string): Promise<Telemetry> {
  const { type, data } = await client.ask(reading(capability));
  expect(type).toBe('validation');
  return data as unknown as Telemetry;
}

/** Sends an operation. @returns the operation with its answer */
export async function exchange(client: Client, request: { type: string; data?: unknown }): Promise<Exchange> {
  return { operation: request.type, request, response: await client.ask(request) };
}

/** Plays the probe plan on a connection, with a state request after the reset and each step, until the episode ends. */
export async function* probe(client: Client, seed: number = PLAN.reset.seed): AsyncGenerator<Exchange> {
  const { options, episode_id } = PLAN.reset;
  let last = await exchange(client, { type: 'reset', data: { ...options, seed, episode_id } });
  yield last;
  yield exchange(client, { type: 'state' });
  for (const data of PLAN.actions) {
    if (last.response.data.done === true) return;
    last = await exchange(client, { type: 'step', data });
    yield last;
    yield exchange(client, { type: 'state' });
  }
}

/** The whole transcript of the probe plan on a new connection. */
export async function transcript(url: string, seed?: number): Promise<Exchange[]> {
  return all(probe(await Client.connect(`${url}/ws`), seed));
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
