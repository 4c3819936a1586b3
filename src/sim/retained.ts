/** Values that are computed on first use and cached for as long as their scenario exists. */
import type { Ask } from '../world/asks.ts';
import type { CompiledScenario } from '../world/compile.ts';
import type { Drift, Email, Scenario } from '../world/schema.ts';
import { PREVIEW_LENGTHS } from './observation/things.ts';

/** The maximum number of cached values: there may be millions of pairs of a task and a contact. */
const MAX_KEPT = 4_096;

/** A cache of values by index. */
export class Kept<T> {
  private values: (T | undefined)[] = [];
  private count = 0;
  private readonly make: (index: number) => T;

  constructor(make: (index: number) => T) {
    this.make = make;
  }

  at(index: number): T {
    return this.values[index] ?? this.add(index);
  }

  private add(index: number): T {
    const value = this.make(index);
    if (this.count === MAX_KEPT) {
      this.values = [];
      this.count = 0;
    }
    this.values[index] = value;
    this.count++;
    return value;
  }
}

/** An upper bound of all indices. The key of a pair is the first index times this, plus the second. */
const STRIDE = 2 ** 20;

/** A cache of values by two indices. */
export class KeptPairs<T> {
  private readonly values = new Map<number, T>();
  private readonly make: (first: number, second: number) => T;

  constructor(make: (first: number, second: number) => T) {
    this.make = make;
  }

  at(first: number, second: number): T {
    const key = first * STRIDE + second;
    let value = this.values.get(key);
    if (value === undefined) {
      value = this.make(first, second);
      if (this.values.size === MAX_KEPT) this.values.clear();
      this.values.set(key, value);
    }
    return value;
  }
}

/** Returns a function that caches its result for each scenario. */
export function keptFor<T>(make: (c: CompiledScenario) => T): (c: CompiledScenario) => T {
  const known = new WeakMap<CompiledScenario, T>();
  // Consecutive calls usually concern the same scenario.
  let last: CompiledScenario | undefined;
  let valueOfLast: T | undefined;
  return (c) => {
    if (c === last && valueOfLast !== undefined) return valueOfLast;
    const value = known.get(c) ?? make(c);
    known.set(c, value);
    last = c;
    valueOfLast = value;
    return value;
  };
}

// * Estimates how much memory a compiled scenario retains, from counts and lengths. The estimate is within a factor of two of a heap after garbage collection, and allocates nothing.

/**
 * Bytes of each kind of entity without its texts: its objects, its entries in maps and lists, and the overhead of its cached
 * lines.
 */
const SCENARIO = 24_000;
const EMAIL = 260;
const MEETING = 520;
const CONTACT = 360;
const TASK = 560;
const OBLIGATION = 420;
const EVENT = 600;
const DRIFT_EVENT = 400;
/** Bytes of a text, and of its entry in a list. */
const TEXT = 24;
/** Bytes of an episode: its objects apart from the region, with a note and the news. */
const EPISODE = 3_000;

/**
 * Bytes that a compiled scenario keeps alive, including the cached lines of its briefings. Temporary copies of the documents
 * (the request, the output of validation) and caches for judging answers are not included.
 */
export function retainedBytes({ world, drift, day, layout }: CompiledScenario): number {
  let bytes = SCENARIO + layout.byteLength;
  for (const email of world.emails) bytes += EMAIL + emailBytes(email, day !== undefined);
  for (const { id, title, location, attendees, start } of world.meetings) {
    bytes += MEETING + 3 * (size(id) + size(title) + size(location) + sizes(attendees)) + size(start);
  }
  for (const { name, skills = [] } of world.contacts) bytes += CONTACT + 5 * size(name) + 2 * sizes(skills);
  for (const { id, description, owner, delegated_to, deadline } of world.tasks) {
    bytes += TASK + 4 * size(id) + 3 * (size(description) + size(owner)) + size(deadline) + size(delegated_to ?? '');
  }
  for (const { id, text } of day?.events ?? []) bytes += EVENT + size(id) + size(text);
  for (const { id } of day?.obligations ?? []) bytes += OBLIGATION + size(id);
  bytes += effectBytes(world.events ?? []) + effectBytes(drift?.events ?? []);
  return bytes;
}

/** Bytes of one episode of a scenario, without the text of its briefing. */
export function episodeBytes({ layout }: CompiledScenario): number {
  return EPISODE + layout.byteLength;
}

/** The read and the unread line are cached separately. Both contain the body, under rules v1 its beginning. */
function emailBytes({ id, sender, subject, body, priority, asks = [] }: Email, isWhole: boolean): number {
  const length = isWhole ? body.length : PREVIEW_LENGTHS[priority];
  const shown = size(id) + size(sender) + size(subject.slice(0, 120)) + size(body.slice(0, length));
  const owed = asks.flatMap((ask) => [ask.id, ask.example, ...phrasesOf(ask)]);
  return size(id) + size(sender) + size(subject) + size(body) + 2 * shown + sizes(owed);
}

/** The phrases of an ask, of any kind. */
function phrasesOf(ask: Ask): string[] {
  if (ask.kind === 'value') return [...ask.is, ...ask.about, ...ask.unlike, ...ask.rivals];
  if (ask.kind === 'apology') return [];
  return [...(ask.kind === 'act' ? ask.says.flat() : ask.about), ...ask.against];
}

function effectBytes(events: NonNullable<Scenario['events']> | Drift['events']): number {
  return events.reduce((sum, event) => {
    const { comment, suppress_reply_relationship_for_senders: silenced } = event;
    return sum + DRIFT_EVENT + size(comment ?? '') + sizes(silenced ?? []);
  }, 0);
}

/** Bytes of a text. V8 stores texts in Latin-1 if possible. */
function size(text: string): number {
  return WIDE.test(text) ? 2 * text.length : text.length;
}

const WIDE = /[^\0-\u00ff]/;

function sizes(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + TEXT + size(text), 0);
}
