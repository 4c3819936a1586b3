/** Scenario documents in a batch request have a common limit and are compiled one after the other. */
import { expect, test, vi } from 'vitest';
import { MAX_VALUES } from '../../src/server/large-requests.ts';
import { Specs } from '../../src/server/specs.ts';
import { makeServer } from './support-server.ts';

/** A day with the given number of emails. */
const dayOf = (emails: number, name: string): object => ({
  simulation_time: '2026-06-22T09:00:00',
  emails: Array.from({ length: emails }, (_, i) => ({
    id: `${name}-${i}`,
    sender: 'Ann',
    subject: 'Question',
    body: 'Nothing is asked.',
    priority: 'low',
    sender_relationship: 'professional',
  })),
});

test('the server answers other requests between two documents of a batch', async () => {
  const { app } = await makeServer({ workers: 1 });
  const served: string[] = [];
  const { compile } = Specs.prototype;
  vi.spyOn(Specs.prototype, 'compile').mockImplementation(function (this: Specs, spec) {
    served.push('document');
    return compile.call(this, spec);
  });
  const envs = Array.from({ length: 40 }, (_, i) => ({ scenario: dayOf(2, `day${i}`) }));
  const batch = app.inject({ method: 'POST', url: '/batch', payload: { envs } });
  await vi.waitFor(() => expect(served.length).toBeGreaterThan(0), { interval: 1 });
  await app.inject('/health').then(() => served.push('health'));
  expect((await batch).statusCode).toBe(200);
  vi.restoreAllMocks();
  expect(served.filter((one) => one === 'document').length).toBeGreaterThanOrEqual(40);
  expect(served.indexOf('health')).toBeLessThan(40);
});

test('documents with too many values in total are refused before the server compiles any of them', async () => {
  const { app } = await makeServer({ workers: 1 });
  const compiled = vi.spyOn(Specs.prototype, 'compile');
  // Six values for each email, and one for the email itself.
  const emails = Math.floor(MAX_VALUES / 7) - 10;
  const envs = Array.from({ length: 16 }, (_, i) => ({ scenario: dayOf(emails, `day${i}`) }));
  const answer = await app.inject({ method: 'POST', url: '/batch', payload: { envs } });
  expect(answer.statusCode).toBe(413);
  expect(answer.json()).toMatchObject({ code: 'TOO_MANY_DOCUMENTS' });
  expect(answer.json().detail).toContain('with 300000 values together; got 16 with ');
  expect(compiled).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

test('equal documents are compiled once; the same document with another drift is compiled again', async () => {
  const { app } = await makeServer({ workers: 1 });
  const compiled = vi.spyOn(Specs.prototype, 'compile');
  const scenario = dayOf(2, 'day');
  const envs = [
    { scenario },
    { scenario: dayOf(2, 'day') },
    { scenario, drift: { events: [] } },
    { scenario, rules: 'v1' },
  ];
  expect((await app.inject({ method: 'POST', url: '/batch', payload: { envs } })).statusCode).toBe(200);
  expect(compiled).toHaveBeenCalledTimes(3);
  vi.restoreAllMocks();
});
