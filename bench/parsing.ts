/** From a model's raw completion to an action. */
import { isDeepStrictEqual } from 'node:util';
import { type Action, readAction } from 'ghostexec';
import type { Group } from './group.js';
import { interleave, microsecondsEach } from './interleave.js';
import type { Measure } from './measure.js';
import { validScript } from './office.js';

const SCRIPTS = 32;
/** How often each completion is read in a sample, which then takes tens of milliseconds. */
const PASSES = 5;

const THOUGHT =
  'The two mails at the top matter most, and the clash at eleven can wait. I will deal with one thing now and look at the rest in the next step. ';

/** The ways in which models wrap an action; every form contains the same actions. */
const FORMS = {
  bare: (json: string) => json,
  tagged: (json: string) => `${THOUGHT}\n<action>${json}</action>`,
  fenced: (json: string) => `${THOUGHT}\n\`\`\`json\n${json}\n\`\`\``,
  prose: (json: string) => `${THOUGHT}${json}\nThat is my action.`,
} as const;

export const parsing: Group = {
  name: 'parsing',
  figures: {
    parse_completion_us: {
      what: 'µs a completion, from text to a validated action: bare, tagged, fenced and in prose, a quarter each',
      goal: { most: 2 },
    },
    parse_bare_us: { what: 'µs, the JSON object alone' },
    parse_tagged_us: { what: 'µs, in action tags behind 140 characters of thought' },
    parse_fenced_us: { what: 'µs, in a fence behind 140 characters of thought' },
    parse_prose_us: { what: 'µs, between sentences' },
  },
  measure: measureParsing,
};

async function measureParsing(rounds: number, smoke: boolean): Promise<Record<string, Measure>> {
  const actions = Array.from({ length: smoke ? 2 : SCRIPTS }, (_, seed) => validScript('v1', seed)).flat();
  const forms = Object.values(FORMS).map((form) => actions.map((action) => form(JSON.stringify(action))));
  for (const completions of forms) {
    for (const [i, text] of completions.entries()) expectAction(text, actions[i]);
  }
  const [bare = [], tagged = [], fenced = [], prose = []] = forms;
  // Forms alternate: a list of one form after the other would hide the cost of switching between them.
  const mixed = actions.flatMap((_, i) => forms.flatMap((completions) => completions[i] ?? []));
  const readAll = (completions: readonly string[]) => () => {
    for (let pass = 0; pass < PASSES; pass++) for (const text of completions) readAction(text);
  };
  const times = await interleave(
    {
      mixed: { run: readAll(mixed) },
      bare: { run: readAll(bare) },
      tagged: { run: readAll(tagged) },
      fenced: { run: readAll(fenced) },
      prose: { run: readAll(prose) },
    },
    rounds,
  );
  return {
    parse_completion_us: microsecondsEach(times.mixed, PASSES * mixed.length),
    parse_bare_us: microsecondsEach(times.bare, PASSES * bare.length),
    parse_tagged_us: microsecondsEach(times.tagged, PASSES * tagged.length),
    parse_fenced_us: microsecondsEach(times.fenced, PASSES * fenced.length),
    parse_prose_us: microsecondsEach(times.prose, PASSES * prose.length),
  };
}

function expectAction(text: string, action: Action | undefined): void {
  const read = readAction(text);
  // A missing field may also be present as undefined.
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(read)), action)) return;
  throw new Error(`expected ${JSON.stringify(action)}, read ${JSON.stringify(read)}`);
}
