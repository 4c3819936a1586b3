/** The bound of a scenario's briefings holds for the longest one, and is not much larger. */
import { expect, test } from 'vitest';
import { Episode, MAX_NEWS, MAX_NOTE } from '../../src/sim/episode.ts';
import { CUT_MARK } from '../../src/sim/observation/briefing.ts';
import { briefingBytes } from '../../src/sim/observation/size.ts';
import { compileFor, type Rules } from '../../src/sim/rules.ts';
import { WORKS } from '../../src/world/day.ts';
import { CHANNELS, MOODS, scenarioSchema, TASK_STATUSES } from '../../src/world/schema.ts';
import { ARCHIVED, READ, REPLIED } from '../../src/world/state.ts';
import { textOf } from '../support/briefing.ts';
import { contact, email, list, meeting, scenario, task } from '../support/worlds.ts';

const OWL = '\u{1f989}';
const LONGEST_DAY = Date.UTC(2026, 8, 30, 9) * 1_000;

/** Everything is open, moved, clashing, delegated, and written with the widest words and numbers. */
function longest(rules: Rules, meetings: number, tasks: number, mark: string): Episode {
  const document = scenario({
    simulation_time: '2026-09-30T09:00:00',
    max_episode_steps: 10_000,
    emails: list(5, (n) => email(`${mark}${n}`, { priority: 'critical', sender: mark, body: mark.repeat(500) })),
    meetings: list(meetings, (n) => meeting(`${mark}m${n}`, '2026-09-01T10:00', { title: mark.repeat(200) })),
    contacts: list(4, (n) => contact(`${mark}c${n}`, { relationship_type: 'board_member' })),
    tasks: list(tasks, (n) => task(`${mark}t${n}`, '2026-09-30', { description: mark.repeat(300) })),
  });
  const day = rules === 'v2' ? { day_end: '2026-09-30T20:00:00', travel_minutes: 90 } : {};
  const episode = Episode.of(compileFor(rules, scenarioSchema.parse({ ...document, ...day })), 'full');
  episode.load(episode.c.initialRegion, OWL.repeat(MAX_NOTE), rules === 'v2' ? OWL.repeat(MAX_NEWS) : '');
  const { s } = episode;
  s.clock = LONGEST_DAY;
  s.stress = 100;
  s.stepCount = 5_000;
  s.stepOk = false;
  s.emailFlags.fill(rules === 'v2' ? READ | REPLIED | ARCHIVED : READ);
  for (let m = 0; m < meetings; m++) s.moveMeeting(m, LONGEST_DAY + 6e7, '2026-09-30T09:01');
  s.mood.fill(MOODS.indexOf('annoyed'));
  s.preference.fill(CHANNELS.indexOf('email'));
  s.taskStatus.fill(TASK_STATUSES.indexOf('in-progress'));
  s.taskDelegate.forEach((_, t) => {
    s.taskDelegate[t] = t % 4;
  });
  if (rules === 'v2') {
    s.taskHand.fill(WORKS);
    s.taskUntil.fill(LONGEST_DAY);
  }
  episode.calendarChanged();
  return episode;
}

const SIZES = [
  [0, 0],
  [1, 1],
  [2, 5],
  [9, 3],
  [12, 12],
] as const;

const cases = (['v1', 'v2'] as const).flatMap((rules) =>
  SIZES.flatMap(([meetings, tasks]) => ['x', OWL].map((mark) => ({ rules, meetings, tasks, mark }))),
);

test.each(cases)('under rules $rules with $meetings meetings and $tasks tasks in $mark', ({ rules, ...sizes }) => {
  const episode = longest(rules, sizes.meetings, sizes.tasks, sizes.mark);
  const text = textOf(episode);
  const length = Buffer.byteLength(text);
  expect(text).not.toContain(CUT_MARK);
  // The rest of the bound: words that exclude each other, and numbers with fewer digits than the bound allows.
  expect(briefingBytes(episode.c) - length).toBeLessThan(
    150 + (rules === 'v2' ? 400 : 0) + (rules === 'v2' ? 80 : 40) * (sizes.meetings + sizes.tasks),
  );
});
