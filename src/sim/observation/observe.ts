/** Observes an episode: as data, and as text. */
import type { CompiledScenario } from '../../world/compile.ts';
import type { EpisodeState } from '../../world/state.ts';
import { CALENDAR, type Episode, INBOX, PEOPLE, TASKS } from '../episode.ts';
import { headText, joinBriefing, MAX_CODE_POINTS } from './briefing.ts';
import type {
  Observation,
  ObservedCalendar,
  ObservedHead,
  ObservedInbox,
  ObservedPeople,
  ObservedTasks,
} from './observation.ts';
import type { Section, SectionText } from './section-cache.ts';
import { type InboxSection, sectionsOf } from './sections.ts';
import { instantText } from './things.ts';

/**
 * What a policy sees of the current state.
 * @example
 * const { inbox } = observe(episode);
 * inbox.emails.filter(({ unread }) => unread);
 */
export function observe(e: Episode): Observation {
  return observationOf(e, lookAt(e));
}

/** The same as `briefing` of the observation. */
export function briefingOf(e: Episode): string {
  const seen = lookAt(e);
  return joinParts(partsOf(observationOf(e, seen), seen));
}

/** The sections of an observation. */
type Seen = {
  inbox: InboxSection;
  calendar: Section<ObservedCalendar>;
  people: Section<ObservedPeople>;
  tasks: Section<ObservedTasks>;
};

/** A briefing before it is joined and cut. A section in the same state is the same object. */
export type BriefingParts<S = SectionText> = { readonly head: string; readonly sections: readonly S[] };

export function joinParts({ head, sections }: BriefingParts): string {
  const texts = [head];
  for (const { text } of sections) texts.push(text);
  return joinBriefing(texts);
}

/** The briefing as a JSON string. What a section is in JSON is kept with it. */
export function partsJson(parts: BriefingParts<Section<unknown>>): string {
  if (isCut(parts)) return JSON.stringify(joinParts(parts));
  let json = JSON.stringify(parts.head).slice(0, -1);
  for (const section of parts.sections) json += section.json;
  return `${json}"`;
}

/** Whether the briefing may be cut, so that it is not simply the sum of its parts. */
export function isCut({ head, sections }: BriefingParts): boolean {
  return sections.reduce((sum, { text }) => sum + text.length, head.length) > MAX_CODE_POINTS;
}

/** Observes one episode again and again: it looks only at what has changed. An episode may have one observer at a time. */
export class Observer {
  readonly episode: Episode;
  private seen: Seen | undefined;

  constructor(e: Episode) {
    this.episode = e;
  }

  /** The same as `observe` of the episode. */
  observe(): Observation {
    return observationOf(this.episode, this.look());
  }

  /** The parts of `briefingOf` the episode. */
  parts(): BriefingParts<Section<unknown>> {
    return this.observeWithParts().parts;
  }

  /** What a policy sees, and the parts of the same as text. */
  observeWithParts(): { readonly observation: Observation; readonly parts: BriefingParts<Section<unknown>> } {
    const seen = this.look();
    const observation = observationOf(this.episode, seen);
    return { observation, parts: partsOf(observation, seen) };
  }

  private look(): Seen {
    const { episode: e } = this;
    const { changed } = e;
    const { clock } = e.s;
    const sections = sectionsOf(e.c);
    e.changed = 0;
    if (this.seen === undefined) {
      this.seen = lookAt(e);
      return this.seen;
    }
    const { seen } = this;
    if ((changed & INBOX) !== 0) seen.inbox = sections.inbox(e);
    if ((changed & CALENDAR) !== 0 || !seen.calendar.covers(clock)) seen.calendar = sections.calendar(e);
    if ((changed & PEOPLE) !== 0) seen.people = sections.people(e);
    if ((changed & TASKS) !== 0 || !seen.tasks.covers(clock)) seen.tasks = sections.tasks(e);
    return seen;
  }
}

/**
 * What a policy sees of an episode, for policies that look at little of it: each section is made when it is read. The values are
 * valid until the next step.
 */
export class LiveObservation implements Observation {
  private readonly episode: Episode;
  private seenInbox: ObservedInbox | undefined;
  private seenCalendar: ObservedCalendar | undefined;
  private seenPeople: ObservedPeople | undefined;
  private seenTasks: ObservedTasks | undefined;

  constructor(episode: Episode) {
    this.episode = episode;
  }

  /** Forgets what was seen. Must be called after each reset and each step. */
  refresh(): this {
    this.seenInbox = this.seenCalendar = this.seenPeople = this.seenTasks = undefined;
    return this;
  }

  get time(): string {
    return instantText(this.episode.s.clock);
  }

  get day_ends(): string | null {
    return dayEndOf(this.episode.c);
  }

  get step(): number {
    return this.episode.s.stepCount;
  }

  get max_steps(): number {
    return this.episode.c.world.max_episode_steps;
  }

  get steps_left(): number {
    return stepsLeft(this.episode.c, this.episode.s);
  }

  get stress(): number {
    return this.episode.s.stress;
  }

  get active(): boolean {
    return this.episode.s.active;
  }

  get step_ok(): boolean {
    return this.episode.s.stepOk;
  }

  get note(): string {
    return this.episode.note;
  }

  get news(): string {
    return this.episode.news;
  }

  get inbox(): ObservedInbox {
    this.seenInbox ??= sectionsOf(this.episode.c).seeInbox(this.episode);
    return this.seenInbox;
  }

  get calendar(): ObservedCalendar {
    this.seenCalendar ??= sectionsOf(this.episode.c).seeCalendar(this.episode);
    return this.seenCalendar;
  }

  get people(): ObservedPeople {
    this.seenPeople ??= sectionsOf(this.episode.c).seePeople(this.episode);
    return this.seenPeople;
  }

  get tasks(): ObservedTasks {
    this.seenTasks ??= sectionsOf(this.episode.c).seeTasks(this.episode);
    return this.seenTasks;
  }
}

function lookAt(e: Episode): Seen {
  const sections = sectionsOf(e.c);
  return {
    inbox: sections.inbox(e),
    calendar: sections.calendar(e),
    people: sections.people(e),
    tasks: sections.tasks(e),
  };
}

function observationOf({ c, s, note, news }: Episode, { inbox, calendar, people, tasks }: Seen): Observation {
  // Written out: V8 takes microseconds to add properties to an object that begins as a copy of another one.
  return {
    time: instantText(s.clock),
    day_ends: dayEndOf(c),
    step: s.stepCount,
    max_steps: c.world.max_episode_steps,
    steps_left: stepsLeft(c, s),
    stress: s.stress,
    active: s.active,
    step_ok: s.stepOk,
    note,
    news,
    inbox: inbox.content,
    calendar: calendar.content,
    people: people.content,
    tasks: tasks.content,
  };
}

function partsOf(head: ObservedHead, { inbox, calendar, people, tasks }: Seen): BriefingParts<Section<unknown>> {
  return { head: headText(head) + inbox.title, sections: [...inbox.groups, calendar, people, tasks] };
}

function dayEndOf({ day }: CompiledScenario): string | null {
  return day === undefined ? null : instantText(day.end);
}

function stepsLeft({ world }: CompiledScenario, { active, stepCount }: EpisodeState): number {
  return active ? Math.max(0, world.max_episode_steps - stepCount) : 0;
}
