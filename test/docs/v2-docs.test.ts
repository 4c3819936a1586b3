/** The statements of docs/SCENARIOS.md, docs/REWARD.md and docs/GRADING.md are true. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadTask } from '../../src/scenarios/shipped.ts';
import { BREAKDOWN_FIELDS } from '../../src/sim/breakdown.ts';
import { PREVIEW_LENGTHS } from '../../src/sim/observation/things.ts';
import * as constants from '../../src/sim/v2/constants.ts';
import { attributionSchema } from '../../src/sim/v2/explain.ts';
import { GRADE_RANGE, gradeSchema } from '../../src/sim/v2/grade.ts';
import { asksOf, emailsOf } from '../../src/sim/v2/judge/asks.ts';
import { MAX_WORDS } from '../../src/sim/v2/judge/flaws.ts';
import { judge } from '../../src/sim/v2/judge/judge.ts';
import { readReply } from '../../src/sim/v2/judge/reply.ts';
import { isAccepted } from '../../src/sim/v2/judge/verdict.ts';
import { ASK_STATES, STATUSES } from '../../src/world/day.ts';
import { driftSchema, jsonSchemaOf, type ScenarioInput, scenarioSchema } from '../../src/world/schema.ts';
import { parseWith } from '../../src/world/validate.ts';
import { cli } from '../support/cli.ts';
import { OfficeDay } from '../support/v2-episode.ts';
import { owedIn, worthOf } from '../support/v2-value.ts';

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const SCENARIOS = read('SCENARIOS.md');
const REWARD = read('REWARD.md');
const GRADING = read('GRADING.md');
const JUDGE = read('JUDGE.md');
const MINUTE = 60_000_000;

/** JSON blocks of a document, in order. */
function jsonBlocks(document: string): unknown[] {
  return [...document.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => JSON.parse(text ?? ''));
}

/** Rows of the table that begins with these column names, without code marks. */
function tableOf(document: string, ...head: string[]): string[][] {
  const lines = document.split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| ${head.join(' | ')} |`));
  expect(at, `a table with the columns ${head.join(', ')}`).toBeGreaterThanOrEqual(0);
  const rows: string[][] = [];
  for (const line of lines.slice(at + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
  }
  expect(rows.length).toBeGreaterThan(0);
  return rows;
}

function section(document: string, name: string): string {
  const [, body] = new RegExp(`<!-- ${name}:begin -->\n([\\s\\S]*?)<!-- ${name}:end -->`).exec(document) ?? [];
  expect(body, `${name} between its markers`).toBeDefined();
  return body ?? '';
}

/** Every number in `value` as a document writes it: durations in minutes. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  const entries = ArrayBuffer.isView(value) ? [...(value as Float64Array)] : Object.values(value as object);
  return entries.flatMap(numbersIn);
}

test('lines of the documents are not too long', () => {
  for (const [name, text] of Object.entries({ SCENARIOS, REWARD, GRADING })) {
    const long = text.split('\n').flatMap((line, at) => (line.length > 128 ? [`${name}.md:${at + 1}`] : []));
    expect(long).toEqual([]);
  }
});

test('the example of SCENARIOS.md is a valid scenario and can be played', () => {
  const [example] = jsonBlocks(section(SCENARIOS, 'example'));
  const day = new OfficeDay(example as ScenarioInput);
  expect([...day.statuses().keys()]).toEqual(['reply:k01', 'reply:k03', 'clash:g01+g02', 'task:w01', 'task:w02']);
  day.play(
    { action_type: 'delegate_task', task_id: 'w01', contact_name: 'Jo Pell' },
    { action_type: 'reply_email', email_id: 'k01', message_body: 'Dear Mr Roy, the theatre has 212 seats.' },
    { action_type: 'reschedule_meeting', meeting_id: 'g02', new_time: '2026-03-03T11:30:00', reason: 'It clashes.' },
    { action_type: 'complete_task', task_id: 'w02' },
    {
      action_type: 'send_message',
      contact_name: 'Ottilie Brandt',
      message_body: 'I am so sorry, you are on the list now.',
      channel: 'call',
    },
  );
  day.wait();
  expect([...day.statuses().values()]).toEqual(['met', 'met', 'met', 'met', 'met']);
  expect(day.metadata().grade?.collateral).toBe(0);
  const indiscreet = new OfficeDay(example as ScenarioInput);
  const message_body = 'I am so sorry, you are on the list now. There is no toast.';
  indiscreet.step({ action_type: 'send_message', contact_name: 'Ottilie Brandt', message_body, channel: 'call' });
  expect(indiscreet.status('reply:k03')).toBe('met');
  expect(indiscreet.wait().metadata().grade?.collateral).toBeGreaterThanOrEqual(constants.TOLD_DAMAGE);
});

test('every fragment of SCENARIOS.md fits into a scenario', () => {
  const fragments = jsonBlocks(SCENARIOS);
  expect(fragments.length).toBeGreaterThanOrEqual(5);
  for (const fragment of fragments) {
    const world = { simulation_time: '2026-03-03T09:00:00', ...(fragment as object) };
    expect(() => new OfficeDay(world as ScenarioInput)).not.toThrow();
  }
  const clash = fragments.find((one) => Object.hasOwn(one as object, 'travel_minutes')) as ScenarioInput;
  const day = new OfficeDay({ ...clash, simulation_time: '2026-03-03T09:00:00' });
  expect(day.status('clash:a+b')).toBe('open');
});

test('SCENARIOS.md names exactly the fields of scenario and drift files', () => {
  const fields = new Set<string>();
  const collect = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return;
    const { properties } = schema as { properties?: Record<string, unknown> };
    for (const name of Object.keys(properties ?? {})) fields.add(name);
    for (const part of Object.values(schema)) collect(part);
  };
  collect(jsonSchemaOf('scenario'));
  collect(jsonSchemaOf('drift'));
  expect(fields.size).toBeGreaterThan(60);
  const spans = SCENARIOS.replace(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g);
  const words = new Set([...spans].flatMap(([, code = '']) => code.match(/[a-z_]+/g) ?? []));
  expect([...fields].filter((field) => !words.has(field))).toEqual([]);
  const tables = SCENARIOS.slice(0, SCENARIOS.indexOf('## How answers are judged'));
  const inTables = tables
    .split('\n')
    .filter((line) => /^\| `[a-z_.[\]]+`(?:, `[a-z_]+`)* \|/.test(line))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/[a-z_]+(?=`)/g)].map(([name]) => name));
  expect(inTables.length).toBeGreaterThan(60);
  for (const name of inTables) expect([...fields]).toContain(name);
  expect(driftSchema.safeParse({ description: 'x', events: [{ after_step: 1, comment: 'x' }] }).success).toBe(true);
});

test('defaults and limits in SCENARIOS.md equal those of the schema', () => {
  const world = scenarioSchema.parse({
    simulation_time: '2026-03-03T09:00:00',
    emails: [{ id: 'e', sender: 's', subject: '', body: '', priority: 'low', sender_relationship: 'unknown' }],
    meetings: [{ id: 'm', title: '', start: '2026-03-03T10:00:00', duration_minutes: 1 }],
    contacts: [{ name: 'n', relationship_type: 'friend', communication_preference: 'text', importance: 1 }],
    tasks: [{ id: 't', description: '', deadline: '2026-03-03T10:00:00', owner: 'n' }],
  });
  const defaults: Record<string, unknown>[] = [
    world,
    ...world.emails,
    ...world.meetings,
    ...world.contacts,
    ...world.tasks,
  ];
  const schema = JSON.stringify(jsonSchemaOf('scenario'));
  let compared = 0;
  for (const line of SCENARIOS.split('\n')) {
    const [, name, range, stated] = /^\| `([a-z_]+)` \| ([^|]*) \| `?([a-z0-9]+)`? \|/.exec(line) ?? [];
    if (name === undefined || range === undefined || stated === undefined) continue;
    const owner = defaults.find((one) => Object.hasOwn(one, name));
    if (
      owner !== undefined &&
      owner[name] !== null &&
      /^(?:true|false|\d+|normal|neutral|medium|pending)$/.test(stated)
    ) {
      if (name === 'priority' && stated === 'normal') expect(world.meetings[0]?.priority).toBe('normal');
      else expect(`${name} ${owner[name]}`).toBe(`${name} ${stated}`);
      compared++;
    }
    const [, least, most] = /integer, ([\d,]+) to ([\d,]+)/.exec(range) ?? [];
    if (least === undefined || most === undefined) continue;
    const plain = [least, most].map((text) => Number(text.replaceAll(',', '')));
    expect(schema).toMatch(new RegExp(`"${name}":\\{[^{}]*"minimum":${plain[0]},"maximum":${plain[1]}\\b`));
    compared++;
  }
  expect(compared).toBeGreaterThan(10);
});

test('an email with `needs` is refused, and the message says what to write', () => {
  const email = {
    id: 'e',
    sender: 's',
    subject: '',
    body: '',
    priority: 'low',
    sender_relationship: 'unknown',
    needs: {},
  };
  const world = { simulation_time: '2026-03-03T09:00:00', emails: [email] };
  expect(() => parseWith(scenarioSchema, world, 'day.json')).toThrow(/needs.*expected `asks` instead/);
});

test('numbers in the sentences of SCENARIOS.md equal those of the code', () => {
  const { WORK, DUE_AFTER, DAY_LENGTH, NOTICE, RESPONSE_MINUTES, LOAD_LIMIT, DELEGATE_PACE } = constants;
  const { critical, high, normal, low } = PREVIEW_LENGTHS;
  const hours = (time = Number.NaN): number => time / (60 * MINUTE);
  const work = [WORK.low, WORK.medium, WORK.high].map((time) => time / MINUTE);
  const flat = SCENARIOS.replace(/\s+/g, ' ');
  for (const sentence of [
    `the first ${critical}, ${high}, ${normal} or ${low} code points of an email's body`,
    `A text of more than ${MAX_WORDS} words`,
    `begin + ${hours(DAY_LENGTH)} hours`,
    `due ${hours(DUE_AFTER.critical)} hours after it arrives, to a high one ${hours(DUE_AFTER.high)} hours`,
    `${work[0]}, ${work[1]} or ${work[2]} minutes; a delegate takes ${DELEGATE_PACE} times as long`,
    `${NOTICE / MINUTE} minutes of notice`,
    `| ${RESPONSE_MINUTES} | v2 | until they hand back`,
    `${LOAD_LIMIT} for \`direct_report\` and \`team_member\``,
  ]) {
    expect(flat).toContain(sentence);
  }
});

/** The day of the first fragment of SCENARIOS.md, which has one email with asks. */
function askingDay(): OfficeDay {
  const fragment = jsonBlocks(SCENARIOS)[0] as ScenarioInput;
  return new OfficeDay({ ...fragment, simulation_time: '2026-03-03T09:00:00' });
}

test('the answers of SCENARIOS.md, and those that JUDGE.md calls its weaknesses, are judged as stated', () => {
  const { world } = askingDay();
  const [email] = world.emails;
  if (email?.asks === undefined) throw new Error('the first email has no asks');
  const { asks } = email;
  const verdictOf = (id: string, answer: string): string | undefined =>
    judge(readReply(answer), asksOf(world, email)).asks.find((one) => one.id === id)?.outcome;
  const rows = tableOf(SCENARIOS, 'ask', 'answer', 'verdict');
  for (const [id = '', answer = '', verdict] of rows) {
    expect(`${id} | ${answer} | ${verdictOf(id, answer)}`).toBe(`${id} | ${answer} | ${verdict}`);
  }
  expect(new Set(rows.map(([id]) => id))).toEqual(new Set(asks.map(({ id }) => id)));
  expect(new Set(rows.map(([, , verdict]) => verdict))).toEqual(new Set(['answered', 'wrong', 'missing']));
  const examples = asks.map(({ example }) => example).join(' ');
  expect(asks.map(({ id }) => verdictOf(id, examples))).toEqual(asks.map(() => 'answered'));
  for (const [id, answer, verdict] of [
    ['the arrival', 'twenty to seven', 'answered'],
    ['the arrival', 'six forty', 'answered'],
  ] as const) {
    expect(JUDGE.replace(/\s+/g, ' ')).toContain(`"${answer}"`);
    expect(`${id} | ${answer} | ${verdictOf(id, answer)}`).toBe(`${id} | ${answer} | ${verdict}`);
  }
});

test('the sample note of SCENARIOS.md is what a partial answer gets', () => {
  const day = askingDay();
  const asks = day.world.emails[0]?.asks ?? [];
  const message_body = asks.flatMap(({ id, example }) => (id === 'the price' ? [] : [example])).join(' ');
  day.step({ action_type: 'reply_email', email_id: 'e1', channel: 'call', message_body });
  expect(SCENARIOS.replace(/\s+/g, ' ')).toContain(`"${day.note}"`);
});

test('the commands of JUDGE.md print what it shows', async () => {
  const commands = [...JUDGE.matchAll(/^\$ ghostexec (judge [^-\n][^\n]*)\n((?:[^$`][^\n]*\n)+)/gm)];
  expect(commands.length).toBeGreaterThanOrEqual(2);
  for (const [, command = '', printed] of commands) {
    const args = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    expect((await cli(args)).out).toBe(printed);
  }
});

test('an answer in parts, a revision and a correction are worth what GRADING.md says', () => {
  const day = askingDay();
  // The relationship channel is this one reply, whose four asks are open at 0.3.
  const changeBy = (message_body: string): number => {
    day.step({ action_type: 'reply_email', email_id: 'e1', channel: 'call', message_body });
    return day.rules.breakdown.relationship;
  };
  expect(changeBy('It gets in at 18:40. I am sorry. Keep the table.')).toBeCloseTo((0.7 * 3) / 4, 12);
  expect(day.status('reply:e1')).toBe('open');
  // While the choice is wrong, it counts -1 and the other asks 0.
  expect(changeBy('Yes, cancel the table. The roof costs 12,500.')).toBeCloseTo(-1 / 4 - (3 + 0.3) / 4, 12);
  expect(day.status('reply:e1')).toBe('wrong');
  expect(changeBy('Please keep the table.')).toBeCloseTo((2 + 0 + 0.3) / 4 + 1 / 4, 12);
  expect(day.status('reply:e1')).toBe('open');
  expect(changeBy('The roof costs 12,500.')).toBeCloseTo(0.7 / 4, 12);
  expect(day.status('reply:e1')).toBe('corrected');
});

test('the rates of JUDGE.md are those of the judge', () => {
  const rows = tableOf(JUDGE, 'replies', 'good accepted', 'bad accepted');
  expect(rows.length).toBeGreaterThanOrEqual(3);
  for (const [path = '', ...rates] of rows) {
    const lines = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
      .trim()
      .split('\n');
    const replies = lines.map((line) => JSON.parse(line) as Record<'task' | 'email_id' | 'label' | 'body', string>);
    const counted = ['good', 'bad'].map((label) => {
      const all = replies.filter((reply) => reply.label === label);
      const accepted = all.filter(({ task, email_id, body }) => {
        const { scenario } = loadTask(task);
        const email = emailsOf(scenario).find(({ id }) => id === email_id);
        return email !== undefined && isAccepted(judge(readReply(body), asksOf(scenario, email)));
      });
      return `${accepted.length} of ${all.length}`;
    });
    expect(rates, path).toEqual(counted);
  }
  expect(JUDGE).toContain(`is longer than ${MAX_WORDS} words`);
});

test('every constant that a document quotes equals the code, and none is left out', () => {
  const known: Record<string, unknown> = { ...constants, GRADE_RANGE };
  const quoted = new Set<string>();
  for (const document of [REWARD, GRADING]) {
    for (const [, names = '', values = ''] of tableOf(document, 'what', 'constant', 'value')) {
      const expected = names.split(', ').flatMap((name) => {
        const [head = '', part] = name.split('.');
        quoted.add(head);
        const value = known[head];
        expect(value, name).toBeDefined();
        const number = part === undefined ? value : (value as Record<string, unknown>)[part];
        expect(number, name).toBeDefined();
        return numbersIn(number);
      });
      const stated = values.split(', ').map((text) => {
        const number = Number.parseFloat(text);
        return text.endsWith(' h') ? number * 60 * MINUTE : text.endsWith(' min') ? number * MINUTE : number;
      });
      expect(stated.length, names).toBe(expected.length);
      stated.forEach((number, i) => {
        expect(number, names).toBeCloseTo(expected[i] ?? Number.NaN, 9);
      });
    }
  }
  const bits = /^(?:MEETING_(?!DAMAGE)|EMAIL_|RUDE_SHIFT|UNASKED_MASK)/;
  expect(Object.keys(known).filter((name) => !bits.test(name) && !quoted.has(name))).toEqual([]);
});

test('formulas and tables of REWARD.md and GRADING.md contain the numbers of the code', () => {
  const { CHANNEL_WEIGHTS, SCALE, CALM, STRESS, INVALID_STEP, IDLE_STEP, COLLATERAL_LIMIT, MINUTES } = constants;
  const [conflict, relationship, task] = CHANNEL_WEIGHTS.map((weight) => weight.toFixed(2));
  const sum = `V = ${conflict} * conflict + ${relationship} * relationship + ${task} * task - collateral`;
  const least = -(CHANNEL_WEIGHTS[0] + CHANNEL_WEIGHTS[1]) - COLLATERAL_LIMIT;
  const reward = REWARD.replace(/\s+/g, ' ');
  const grading = GRADING.replace(/\s+/g, ' ');
  for (const sentence of [
    sum,
    `reward = ${SCALE} * (V' - V) + shaping + invalid + idle`,
    `shaping = ${SCALE} * (P' - P) with P = -${CALM} * stress / 100`,
    `invalid = ${INVALID_STEP} if`,
    `idle = ${IDLE_STEP} if`,
    `V is \`-${CHANNEL_WEIGHTS[0]} - ${CHANNEL_WEIGHTS[1]} - ${COLLATERAL_LIMIT}\``,
    `V lies in [${least}, 1]`,
    `\`-${SCALE} * (1 + ${-least} + ${CALM}) - ${-INVALID_STEP} - ${-IDLE_STEP}\` and \`${SCALE} * (1 + ${CALM})\``,
    `\`min(${STRESS.limit}, round(${STRESS.base} * base + ${STRESS.pressure} * pressure))\``,
    `An invalid step takes ${MINUTES.invalid / MINUTE} minutes, costs ${-INVALID_STEP}`,
    `A step after the end changes nothing and costs ${-constants.INACTIVE_REWARD}`,
    `\`${'output_scale'}\` | ${SCALE};`,
  ]) {
    expect(reward).toContain(sentence);
  }
  const damage = [...constants.PRIORITY_DAMAGE];
  for (const sentence of [
    sum,
    `clamp((V - floor) / (oracle - floor), ${GRADE_RANGE[0]}, ${GRADE_RANGE[1]})`,
    `is ${damage[0]} (critical), ${damage[1]} (high), ${damage[2]} (normal) and ${damage[3]} (low)`,
    `costs at most ${COLLATERAL_LIMIT}`,
    `or for another meeting | ${constants.MEETING_DAMAGE.missed} times`,
    `without a reason | ${constants.MEETING_DAMAGE.spoiled} times`,
    `clashed with nothing | ${constants.MEETING_DAMAGE.needless} times`,
    `less than ${constants.NOTICE / MINUTE} minutes of notice, or a second time | ${constants.HASTY_DAMAGE} |`,
    `does not work | ${constants.DECLINED_DAMAGE} |`,
    `though an answer is owed | ${constants.BURIED_DAMAGE} |`,
    `something that will not do | ${constants.FOBBED_OFF_DAMAGE} |`,
    `keeps from that person | ${constants.TOLD_DAMAGE} | once for each fact and person`,
    `an insult, or noise | ${constants.RUDE_DAMAGE} | up to ${constants.COUNT_LIMIT} times`,
    `answers nothing | ${constants.UNASKED_DAMAGE} | up to ${constants.COUNT_LIMIT} times`,
  ]) {
    expect(grading).toContain(sentence);
  }
  const statuses = tableOf(GRADING, 'status', 'value').map(([status, value]) => [status, Number(value)]);
  expect(statuses).toEqual(STATUSES.map((status, index) => [status, constants.STATUS_VALUE[index]]));
  const { ASK_VALUE, CHOICE_VALUE } = constants;
  expect(tableOf(GRADING, 'state of an ask', 'value', 'value of a choice').map((row) => row.slice(0, 3))).toEqual(
    ASK_STATES.map((state, index) =>
      state === 'open'
        ? [state, 'of the status', 'of the status']
        : [state, String(ASK_VALUE[index]), String(CHOICE_VALUE[index])],
    ),
  );
});

test('the fields that REWARD.md and GRADING.md list are those of the code', () => {
  const breakdown = tableOf(REWARD, 'field', 'under v2').flatMap(([names = '']) => names.split(', '));
  const named = breakdown.filter((name) => (BREAKDOWN_FIELDS as readonly string[]).includes(name));
  expect(breakdown.filter((name) => !named.includes(name))).toEqual(['all others']);
  const unnamed = BREAKDOWN_FIELDS.filter((name) => !named.includes(name));
  const day = new OfficeDay(loadTask('phase2_core').scenario);
  for (let step = 0; !day.isOver; step++) {
    day.step(step % 2 === 0 ? { action_type: 'archive_email', email_id: 'e01' } : { action_type: 'archive_email' });
    const parts = day.rules.breakdown;
    for (const name of unnamed) expect(parts[name], name).toBe(0);
    const sum =
      parts.weighted_base + parts.catastrophic_penalty + parts.invalid_step_adjustment + parts.do_nothing_floor;
    expect(sum).toBeCloseTo(parts.final, 12);
  }
  const grade = tableOf(GRADING, 'field', 'what it is').flatMap(([names = '']) => names.split(', '));
  expect(grade.sort()).toEqual(Object.keys(gradeSchema.shape).sort());
  const channels = tableOf(REWARD, 'channel', 'obligation').flatMap(([names = '']) => names.split(', '));
  expect(new Set(channels)).toEqual(new Set(attributionSchema.shape.channel.options));
});

test('every number of the worked example in GRADING.md can be computed again', () => {
  const text = section(GRADING, 'example');
  const [plan] = jsonBlocks(GRADING) as unknown[][];
  const { scenario, drift, oracle } = loadTask('phase2_core');
  const day = new OfficeDay(scenario, { drift, ...(oracle === undefined ? {} : { oracle }) });
  const steps = tableOf(text, 'step', 'time', 'action', 'reward', 'V after it');
  let now = day.now;
  let before = worthOf(day).value;
  const changes = steps.map(([step, time, , reward, value]) => {
    const played = day.step(plan?.[Number(step) - 1] ?? { action_type: 'do_nothing' });
    expect(time).toBe(`${now} to ${day.now}`);
    now = day.now;
    expect(reward).toBe(played.reward.toFixed(6));
    const worth = worthOf(day).value;
    expect(value).toBe(worth.toFixed(6));
    const change = worth - before;
    before = worth;
    return change;
  });
  expect(day.isOver).toBe(true);
  expect(day.asks('reply:e03')).toEqual([{ kind: 'value', state: 'corrected' }]);
  expect(changes.at(-1)).toBeLessThan(0);

  const VALUE: Readonly<Record<string, number>> = { met: 1, late: 0.5, missed: 0, spoiled: 0, spared: 1 };
  const ASK: Readonly<Record<string, number>> = { open: 0, answered: 1, 'answered late': 0.5, corrected: 0.5 };
  const mean = (list: readonly number[]): number => list.reduce((total, one) => total + one, 0) / list.length;
  const worthOfOne = (id: string): number => {
    const asks = day.asks(id).map(({ state }) => ASK[state] ?? Number.NaN);
    return id.startsWith('reply:') ? mean(asks) : (VALUE[day.status(id) ?? ''] ?? Number.NaN);
  };
  const rows = tableOf(text, 'obligation', 'channel', 'weight', 'ended', 'value', 'weight x value');
  const owed = owedIn(day.world);
  expect(rows).toEqual(
    owed.map(({ id, channel, weight }) => {
      const status = day.status(id) ?? '';
      const value = worthOfOne(id);
      return [id, channel, String(weight), status, String(value), String(weight * value)];
    }),
  );
  const MOODS = ['furious', 'angry', 'annoyed', 'neutral', 'happy'];
  const moods = tableOf(text, 'contact', 'importance', 'mood', 'rung', 'importance x rung / 4');
  expect(moods).toEqual(
    day.export().contacts.map(({ name, importance, mood }) => {
      const rung = MOODS.indexOf(mood);
      return [name, String(importance), mood, String(rung), String((importance * rung) / 4)];
    }),
  );

  const sum = (list: string[][], column: number): number => list.reduce((total, row) => total + Number(row[column]), 0);
  const of = (channel: string): string[][] => rows.filter((row) => row[1] === channel);
  const answers = of('relationship');
  const conflict = sum(of('conflict'), 5) / sum(of('conflict'), 2);
  const relationship = (sum(moods, 4) + sum(answers, 5)) / (sum(moods, 1) + sum(answers, 2));
  const task = sum(of('task'), 5) / sum(of('task'), 2);
  const collateral = sum(tableOf(text, 'what', 'damage'), 1);
  const corrected = sum(
    rows.filter(([id]) => id === 'reply:e03'),
    5,
  );
  const correction = (0.35 * corrected) / (sum(moods, 1) + sum(answers, 2));
  expect(changes.at(-2)).toBeGreaterThan(correction + 0.01);
  const value = 0.35 * conflict + 0.35 * relationship + 0.3 * task - collateral;

  const idle = new OfficeDay(scenario, { drift });
  idle.wait();
  const floor = worthOf(idle).value;
  const best = oracle ?? Number.NaN;
  const grade = Math.min(0.99, Math.max(0.01, (value - floor) / (best - floor)));
  const parts = { conflict, relationship, task, collateral, V: value, floor, oracle: best, grade, return: day.total };
  expect(tableOf(text, 'part', 'number')).toEqual(
    Object.entries(parts).map(([name, number]) => [name, number.toFixed(6)]),
  );
  expect(day.metadata().grade?.grade).toBeCloseTo(grade, 12);
  for (const number of [conflict, relationship, task, value, grade]) {
    expect(text).toMatch(new RegExp(`^(?:conflict|relationship|task|V|grade) += .* = ${number.toFixed(6)}$`, 'm'));
  }
});

test('the table of exploits shows every player under both rulesets, and the pictures exist', () => {
  const rows = section(REWARD, 'exploits')
    .split('\n')
    .filter((line) => /^\| [a-z_]+ \| (?:floor|exploit|random|greedy|oracle) \|/.test(line));
  expect(rows.length).toBeGreaterThanOrEqual(3 * 17);
  for (const row of rows.filter((line) => line.startsWith('| oracle |'))) expect(row).toContain('| 100.0 % |');
  for (const [, path = ''] of REWARD.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)) expect(read(path)).toMatch(/^<svg /);
});
