/**
 * Compiles a scenario for rules v2: one world with everything that may ever arrive, and the obligations in it. Parts that have
 * not arrived are hidden by their flags; indices never change.
 */
import { groupBy } from '../../lib/group.ts';
import { clip, oneLine, quote } from '../../lib/text.ts';
import { DAY, MINUTE, utcOf } from '../../lib/time.ts';
import { type CompiledScenario, compileScenario, hashOf, initialState } from '../../world/compile.ts';
import {
  AWAITED,
  type Day,
  type DayEvent,
  type DeniedFact,
  IN_HAND,
  isAble,
  NEVER,
  type Obligation,
  OPEN,
  SPARED,
  WORKS,
} from '../../world/day.ts';
import { refuseManyEvents, scenarioRefusal } from '../../world/references.ts';
import {
  type Drift,
  type Email,
  MAX_BODY,
  MAX_TEXTS,
  type Meeting,
  PRIORITIES,
  type Scenario,
  type ScenarioEvent,
} from '../../world/schema.ts';
import { HIDDEN, layoutState, NO_CONTACT, NOT_ARRIVED, READ, REPLIED } from '../../world/state.ts';
import * as v2 from './constants.ts';
import { announcementOf } from './notes.ts';
import { obligationsOf, owesReply, placesOf } from './obligations.ts';

/** A day without the values that only playing it can determine. */
export type DayPlan = Omit<Day, 'floor' | 'oracle'>;

/**
 * Compiles a scenario. The caller plays it and fills in `floor` and `oracle`. Equal input gives an equal result.
 * @throws ValidationError if the scenario would exceed a limit of references.ts
 */
export function compileDay(world: Scenario, drift?: Drift): Omit<CompiledScenario, 'day'> & { day: DayPlan } {
  const events: readonly ScenarioEvent[] = [...driftEvents(drift), ...namedEvents(world.events ?? [])];
  refuseManyEvents(events.length);
  const whole = everything(world, events);
  // One step for each event, so that its effects come back under its number.
  const stepwise = events.map((event, index) => ({ ...event, after_step: index + 1 }));
  const base = {
    ...compileScenario(whole.world, { events: stepwise }),
    places: placesOf(whole.world.meetings.map(({ location }) => location)),
    travel: (world.travel_minutes ?? 0) * MINUTE,
  };
  const plan = obligationsOf(base, whole.emailEvent);
  const emails = groupBy(whole.emailEvent.keys(), (email) => whole.emailEvent[email]);
  const meetingsBrought = groupBy(whole.meetingEvent.keys(), (meeting) => whole.meetingEvent[meeting]);
  const brings = bringsOf(plan.obligations, whole, events.length);
  const idOf = new Map(plan.obligations.map((obligation, index) => [obligation.id, index]));
  const compiled = events.flatMap((event, index) =>
    (base.driftByStep.get(index + 1) ?? []).map(
      (effects): DayEvent => ({
        id: event.id ?? '',
        announced: event.announced,
        text: event.announced ? announcementOf(event, effects) : '',
        at: event.at === undefined ? Number.NaN : utcOf(event.at),
        afterStep: event.after_step ?? 0,
        obligation: event.when === undefined ? -1 : (idOf.get(canonical(event.when.obligation, base)) ?? -1),
        outcome: event.when?.is ?? 'met',
        delay: (event.delay_minutes ?? 0) * MINUTE,
        emails: emails.get(index) ?? [],
        meetings: meetingsBrought.get(index) ?? [],
        effects,
        brings: brings[index] ?? [],
      }),
    ),
  );
  refuseLongTexts({ ...base.world, emails: base.world.emails.slice(0, whole.emailEvent.length) });
  const denied = deniedIn(base);
  const layout = layoutState(base.layout, {
    obligations: plan.obligations.length,
    events: events.length,
    asks: plan.isChoice.length,
    denied: denied.length,
  });
  const { contacts, tasks, meetings } = base.world;
  const takes = Float64Array.from(tasks, ({ effort }) => v2.WORK[effort]);
  const takesDelegate = takes.map((time) => time * v2.DELEGATE_PACE);
  const able = abilitiesOf(base);
  const state = initialState(base.world, layout, base.contactIndex);
  base.world.emails.forEach((_, email) => {
    if (email >= world.emails.length) state.emailFlags[email] = HIDDEN | READ | REPLIED;
  });
  state.obligation.fill(OPEN);
  const end = world.day_end === undefined ? utcOf(world.simulation_time) + v2.DAY_LENGTH : utcOf(world.day_end);
  compiled.forEach(({ at, brings }, event) => {
    state.eventTime[event] = Number.isNaN(at) ? Number.POSITIVE_INFINITY : at;
    for (const o of brings) state.obligation[o] = AWAITED;
  });
  compiled.forEach(({ at, afterStep, obligation, brings }, event) => {
    const isPossible = at <= end || (afterStep > 0 && afterStep <= world.max_episode_steps) || obligation >= 0;
    if (isPossible) return;
    state.eventStatus[event] = NEVER;
    for (const o of brings) state.obligation[o] = SPARED;
  });
  tasks.forEach(({ status }, task) => {
    const contact = state.taskDelegate[task] ?? NO_CONTACT;
    const o = plan.taskOf[task] ?? -1;
    if (contact < 0 || status === 'done' || !isAble(able, task, contact)) return;
    const until = state.clock + (takesDelegate[task] ?? 0);
    state.taskHand[task] = WORKS;
    state.taskUntil[task] = until;
    if (until <= (base.deadlines[task]?.utc ?? 0)) state.obligation[o] = IN_HAND;
  });
  meetings.forEach((_, meeting) => {
    if (meeting >= world.meetings.length) state.meetingCancelled[meeting] = NOT_ARRIVED;
  });
  return {
    ...base,
    hash: hashOf(world, drift),
    drift,
    layout,
    driftByStep: new Map(),
    initialRegion: state.region,
    day: {
      ...plan,
      denied,
      end,
      dues: plan.dues.map((due) => Math.min(due, end)),
      events: compiled,
      awaited: awaitedBy(compiled, plan.obligations.length),
      emailEvent: Int32Array.from(base.world.emails, (_, email) => whole.emailEvent[email] ?? -1),
      meetingEvent: Int32Array.from(whole.meetingEvent),
      chaser: whole.chaser,
      meetingPriority: Uint8Array.from(meetings, ({ priority }) => PRIORITIES.indexOf(priority)),
      attendees: base.meetingAttendees.map((contacts) => [...new Set(contacts)]),
      complaint: whole.complaint,
      handBack: whole.handBack,
      movable: meetings.map((meeting) => meeting.movable ?? meeting.priority !== 'critical'),
      cancellable: meetings.map(
        (meeting) => meeting.cancellable ?? (meeting.priority === 'normal' || meeting.priority === 'low'),
      ),
      loadLimit: Uint8Array.from(contacts, (contact) => contact.load_limit ?? defaultLoad(contact.relationship_type)),
      response: Float64Array.from(contacts, (one) => (one.response_minutes ?? v2.RESPONSE_MINUTES) * MINUTE),
      worksFrom: Float64Array.from(contacts, ({ working_hours: hours }) => (hours ? timeOfDay(hours.from) : 0)),
      worksTo: Float64Array.from(contacts, ({ working_hours: hours }) => (hours ? timeOfDay(hours.to) : DAY)),
      takes,
      takesDelegate,
      ...able,
    },
  };
}

const NO_SKILLS: ReadonlySet<number> = new Set();

type Everything = ReturnType<typeof everything>;

/**
 * The world with everything that may arrive, including the emails with which contacts react. Each email and meeting has its
 * event or -1.
 */
function everything(world: Scenario, events: readonly ScenarioEvent[]) {
  const emails: Email[] = [...world.emails];
  const emailEvent = world.emails.map(() => -1);
  const meetings: Meeting[] = [...world.meetings];
  const meetingEvent = world.meetings.map(() => -1);
  events.forEach((event, index) => {
    for (const email of event.emails ?? []) {
      emails.push(email);
      emailEvent.push(index);
    }
    for (const meeting of event.meetings ?? []) {
      meetings.push(meeting);
      meetingEvent.push(index);
    }
  });
  const arriving = emails.length;
  const taken = new Set(emails.map(({ id }) => id));
  // The first email of a sender decides.
  const relationships = new Map(
    emails.toReversed().map(({ sender, sender_relationship }) => [sender, sender_relationship]),
  );
  const react = (id: string, sender: string, subject: string, body: string): number => {
    let free = id;
    while (taken.has(free)) free += "'";
    taken.add(free);
    const sender_relationship = relationships.get(sender) ?? 'professional';
    const index = emails.push({
      id: free,
      sender,
      subject,
      body,
      read: false,
      replied: false,
      priority: 'normal',
      sender_relationship,
    });
    return index - 1;
  };
  const importance = new Map(world.contacts.map((contact) => [contact.name, contact.importance]));
  return {
    chaser: Int32Array.from({ length: arriving }, (_, index) => {
      const email = emails[index];
      if (email === undefined || !owesReply(email)) return -1;
      return react(
        `${email.id}-chaser`,
        email.sender,
        `Still waiting: ${clip(oneLine(email.subject), 60)}`,
        `No answer to [${email.id}] yet?`,
      );
    }),
    complaint: Int32Array.from(meetings, ({ id, title, attendees }) => {
      const [person] = attendees
        .filter((name) => importance.has(name))
        .sort((a, b) => (importance.get(b) ?? 0) - (importance.get(a) ?? 0));
      if (person === undefined) return -1;
      return react(
        `${id}-complaint`,
        person,
        `About ${clip(oneLine(title), 60)}`,
        `I am not happy with what became of [${id}].`,
      );
    }),
    handBack: Int32Array.from(world.tasks, ({ id, description }) =>
      react(
        `${id}-back`,
        'Front desk',
        `Back to you: ${clip(oneLine(description), 60)}`,
        `[${id}] came back: it was not for the person asked.`,
      ),
    ),
    // The lists are complete only at this point.
    world: { ...world, emails, meetings },
    /** For all emails except the reactions. */
    emailEvent,
    meetingEvent,
  };
}

/** Events with an id each: the one stated, or `event-N`. */
function namedEvents(events: readonly ScenarioEvent[]): ScenarioEvent[] {
  const taken = new Set(events.map(({ id }) => id));
  return events.map((event, index) => {
    let id = event.id ?? `event-${index + 1}`;
    while (event.id === undefined && taken.has(id)) id += "'";
    return { ...event, id };
  });
}

function driftEvents(drift: Drift | undefined): ScenarioEvent[] {
  return (drift?.events ?? []).flatMap((event, index) =>
    event.after_step < 1 ? [] : [{ ...event, id: `drift-${index + 1}`, announced: false }],
  );
}

/** The id of an obligation in its canonical form. A reference may name the two meetings of a clash in either order. */
function canonical(obligation: string, { meetingIndex }: CompiledScenario): string {
  if (!obligation.startsWith('clash:')) return obligation;
  const ids = obligation.slice('clash:'.length).split('+');
  ids.sort((a, b) => (meetingIndex.get(a) ?? 0) - (meetingIndex.get(b) ?? 0));
  return `clash:${ids.join('+')}`;
}

function defaultLoad(relationship: string): number {
  return relationship === 'direct_report' || relationship === 'team_member' ? v2.LOAD_LIMIT : 0;
}

/** Microseconds after midnight of `HH:MM`. */
function timeOfDay(text: string): number {
  return (Number(text.slice(0, 2)) * 60 + Number(text.slice(3))) * MINUTE;
}

/** The obligations that each event brings: answers to its emails, clashes with its meetings. */
function bringsOf(
  obligations: readonly Obligation[],
  { emailEvent, meetingEvent }: Everything,
  events: number,
): number[][] {
  const brings = Array.from({ length: events }, (): number[] => []);
  for (const [o, { kind, subject, other }] of obligations.entries()) {
    if (kind === 'reply') brings[emailEvent[subject] ?? -1]?.push(o);
    else if (kind === 'clash') {
      const sources = new Set([meetingEvent[subject], meetingEvent[other]]);
      for (const event of sources) brings[event ?? -1]?.push(o);
    }
  }
  return brings;
}

/**
 * A briefing shows all bodies whole, so their length is limited, and that of all texts together.
 * @throws ValidationError
 */
function refuseLongTexts({ emails, meetings, tasks }: Pick<Scenario, 'emails' | 'meetings' | 'tasks'>): void {
  const length = (text: string): number => Array.from(text).length;
  const long = emails.find(({ body }) => body.length > MAX_BODY && length(body) > MAX_BODY);
  if (long !== undefined) {
    throw scenarioRefusal(
      `emails: expected bodies of at most ${MAX_BODY} characters (rules v2), got ${length(long.body)} in ${quote(long.id)}`,
    );
  }
  const texts = [
    ...emails.flatMap(({ subject, body }) => [subject, body]),
    ...meetings.map(({ title }) => title),
    ...tasks.map(({ description }) => description),
  ];
  const all = texts.reduce((sum, text) => sum + length(text), 0);
  if (all <= MAX_TEXTS) return;
  throw scenarioRefusal(
    `emails, meetings, tasks: expected texts of at most ${MAX_TEXTS} characters in all (rules v2), got ${all}`,
  );
}

/** The facts that people must not learn. If an email and a contact deny the same fact to a person, it counts once. */
function deniedIn({ world }: CompiledScenario): DeniedFact[] {
  const found = [
    ...world.contacts.flatMap(({ name, deny = [] }) => deny.map((fact) => ({ person: name, fact, email: -1 }))),
    ...world.emails.flatMap(({ sender, deny = [] }, email) => deny.map((fact) => ({ person: sender, fact, email }))),
  ];
  const key = ({ person, fact }: DeniedFact): string => JSON.stringify([person, fact.id]);
  return [...new Map(found.toReversed().map((one) => [key(one), one])).values()].reverse();
}

function awaitedBy(events: readonly DayEvent[], obligations: number): Uint8Array {
  const awaited = new Uint8Array(obligations);
  for (const { obligation } of events) if (obligation >= 0) awaited[obligation] = 1;
  return awaited;
}

/** The skills that tasks need, by number. */
function abilitiesOf({ world, contactIndex }: CompiledScenario): Pick<Day, 'skillNeeded' | 'owner' | 'skills'> {
  const numbers = new Map<string, number>();
  const skillNeeded = Int32Array.from(world.tasks, ({ skill }) => {
    if (skill === undefined) return -1;
    const number = numbers.get(skill) ?? numbers.size;
    numbers.set(skill, number);
    return number;
  });
  return {
    skillNeeded,
    owner: Int32Array.from(world.tasks, ({ owner }) => contactIndex.get(owner) ?? -1),
    skills: world.contacts.map(({ skills }) => {
      const known = (skills ?? []).flatMap((skill) => numbers.get(skill) ?? []);
      return known.length === 0 ? NO_SKILLS : new Set(known);
    }),
  };
}
