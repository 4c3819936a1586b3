/** Observes an episode: as data, and as text. */
import { CALENDAR, type Episode, INBOX, PEOPLE, TASKS } from '../episode.ts';
import { headText, joinBriefing } from './briefing.ts';
import type { Observation, ObservedCalendar, ObservedHead, ObservedPeople, ObservedTasks } from './observation.ts';
import { type InboxSection, type Section, sectionsOf } from './sections.ts';
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
  return textOf(e, lookAt(e));
}

/** The sections of an observation. */
type Seen = {
  inbox: InboxSection;
  calendar: Section<ObservedCalendar>;
  people: Section<ObservedPeople>;
  tasks: Section<ObservedTasks>;
};

/** A briefing before it is cut. A section in the same state is the same object. */
export type BriefingParts = {
  readonly head: string;
  readonly sections: readonly Pick<Section<unknown>, 'id' | 'text' | 'json'>[];
};

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

  /** The same as `briefingOf` the episode. */
  briefing(): string {
    return textOf(this.episode, this.look());
  }

  parts(): BriefingParts {
    return partsOf(this.episode, this.look());
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
    if ((changed & CALENDAR) !== 0) seen.calendar = sections.calendar(e);
    else if (!seen.calendar.covers(clock)) seen.calendar = sections.calendar(e, seen.calendar.key);
    if ((changed & PEOPLE) !== 0) seen.people = sections.people(e);
    if ((changed & TASKS) !== 0) seen.tasks = sections.tasks(e);
    else if (!seen.tasks.covers(clock)) seen.tasks = sections.tasks(e, seen.tasks.key);
    return seen;
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

function observationOf(e: Episode, { inbox, calendar, people, tasks }: Seen): Observation {
  const sections = { inbox: inbox.content, calendar: calendar.content, people: people.content, tasks: tasks.content };
  return { ...headOf(e), ...sections };
}

function partsOf(e: Episode, { inbox, calendar, people, tasks }: Seen): BriefingParts {
  return { head: headText(headOf(e)) + inbox.title, sections: [...inbox.groups, calendar, people, tasks] };
}

function textOf(e: Episode, { inbox, calendar, people, tasks }: Seen): string {
  const parts = [headText(headOf(e)), inbox.title];
  for (const { text } of inbox.groups) parts.push(text);
  parts.push(calendar.text, people.text, tasks.text);
  return joinBriefing(parts);
}

function headOf({ c, s, note, news }: Episode): ObservedHead {
  return {
    time: instantText(s.clock),
    day_ends: c.day === undefined ? null : instantText(c.day.end),
    step: s.stepCount,
    max_steps: c.world.max_episode_steps,
    steps_left: s.active ? Math.max(0, c.world.max_episode_steps - s.stepCount) : 0,
    stress: s.stress,
    active: s.active,
    step_ok: s.stepOk,
    note,
    news,
  };
}
