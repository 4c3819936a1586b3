/** What a thread keeps of sections, by the size of its heap. */
import { expect, test } from 'vitest';
import { Episode } from '../../src/sim/episode.ts';
import { briefing } from '../../src/sim/observation/briefing.ts';
import { briefingOf, observe } from '../../src/sim/observation/observe.ts';
import { limitSections, sectionGeneration, sectionLimit } from '../../src/sim/observation/section-cache.ts';
import { createRuleset } from '../../src/sim/rules.ts';
import { compileSolo } from '../../src/vector/solo-env.ts';
import { READ } from '../../src/world/state.ts';

const MIB = 2 ** 20;

test('a small heap keeps a sixteenth of its limit, a large one 32 MiB', () => {
  expect(sectionLimit(80 * MIB)).toBe(5 * MIB);
  expect(sectionLimit(512 * MIB)).toBe(32 * MIB);
  expect(sectionLimit(4_144 * MIB)).toBe(32 * MIB);
});

test('inboxes count: a thread forgets them before they take more than its limit, and shows the same again', () => {
  const { compiled, rewardMode } = compileSolo({ task: 'monday_morning' }, 'test');
  const episode = Episode.of(compiled, rewardMode);
  createRuleset('v2').reset(episode);
  const first = briefingOf(episode);
  const { emailFlags } = episode.s;
  const flagsAtFirst = emailFlags.slice();
  const begun = sectionGeneration();
  limitSections(16 * MIB);
  // 1,024 inboxes of at least 1 kB each, and as many groups of emails, in 1 MiB.
  for (let state = 0; state < 1_024; state++) {
    for (let email = 0; email < 10; email++) {
      const flags = emailFlags[email] ?? 0;
      emailFlags[email] = (state >> email) % 2 === 1 ? flags | READ : flags & ~READ;
    }
    if (state % 64 === 0) expect(briefingOf(episode)).toBe(briefing(observe(episode)));
    else observe(episode);
  }
  limitSections(Number.POSITIVE_INFINITY);
  expect(sectionGeneration()).toBeGreaterThan(begun);
  emailFlags.set(flagsAtFirst);
  expect(briefingOf(episode)).toBe(first);
});
