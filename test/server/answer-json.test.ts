/** The JSON text that the server builds by hand for an answer equals the output of JSON.stringify, character by character. */
import { describe, expect, test } from 'vitest';
import { RULES } from '../../src/index.ts';
import { taskIds } from '../../src/scenarios/shipped.ts';
import { type Answer, answerJson, Session, wireAnswer } from '../../src/server/session.ts';
import { Specs } from '../../src/server/specs.ts';
import { writtenObservation } from '../../src/server/ws/messages.ts';
import { scripted, smallScenario } from '../vector/support.ts';

const specs = new Specs({ task: 'phase2_core', rules: 'v2', rewardMode: 'full' });
const HOSTILE = 'a"b\\c\n\u0000\u001f\u007f\u2028\ud800</script>\u{1F600}\u00e9__proto__';

function check(answer: Answer): void {
  expect(answerJson(answer)).toBe(JSON.stringify(wireAnswer(answer)));
}

describe.each(RULES.flatMap((rules) => taskIds().map((task_id) => ({ rules, task_id }))))('$task_id, $rules', (of) => {
  test.each([undefined, 'token'])('every answer of an episode and after its end is equal; token %s', (token) => {
    const session = new Session(specs, token);
    for (let seed = 0; seed < 4; seed++) {
      check(session.reset({ ...of, seed }));
      for (let turn = 0; turn < 20; turn++) check(session.step(scripted(of.task_id, seed, turn)));
      expect(session.answer?.done).toBe(true);
    }
  });
});

test.each(RULES)('hostile texts in every field are escaped alike, %s', (rules) => {
  const session = new Session(specs, HOSTILE);
  const scenario = JSON.parse(
    JSON.stringify(smallScenario(), (key, value: unknown) =>
      ['subject', 'body', 'title', 'description'].includes(key) ? `${String(value)}${HOSTILE}` : value,
    ),
  );
  check(session.reset({ scenario, rules, task_id: HOSTILE, episode_id: HOSTILE, seed: 2 ** 53 - 1 }));
  check(session.step(HOSTILE));
  check(session.step({ action_type: 'archive_email', email_id: HOSTILE }));
  check(session.step({ action_type: 'reply_email', email_id: 'e1', message_body: HOSTILE }));
});

test('the extra fields follow the answer if they are defined', () => {
  const answer = new Session(specs).reset({ seed: 1 });
  for (const more of [
    {},
    { request_id: undefined },
    { episode_id: HOSTILE },
    { episode_id: 'a', request_id: HOSTILE },
  ]) {
    expect(answerJson(answer, more)).toBe(JSON.stringify({ ...wireAnswer(answer), ...more }));
  }
  for (const request_id of [undefined, HOSTILE]) {
    expect(writtenObservation(answerJson(answer), request_id)).toBe(
      JSON.stringify({ type: 'observation', data: wireAnswer(answer), request_id }),
    );
  }
});
