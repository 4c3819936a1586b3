/** The differences between two scenes of an episode, for each thing and in words. */
import type { Scene } from '../../analysis/replay.ts';
import { when, words } from '../shared/format.ts';

type Kind = 'email' | 'meeting' | 'contact' | 'task' | 'stress' | 'time';

export type Change = {
  readonly kind: Kind;
  /** Id or name; empty for stress and time. */
  readonly id: string;
  readonly is: 'new' | 'changed' | 'gone';
  /** What changed: `moved from 10:00 to 14:00`. */
  readonly words: readonly string[];
};

export type Changes = ReturnType<typeof compareScenes>;

const NAMES: Record<Kind, string> = {
  email: 'Mail',
  meeting: 'Meeting',
  contact: '',
  task: 'Task',
  stress: 'Stress',
  time: 'Time',
};

/** All changes, and the change of one thing, which is undefined if it has not changed. Without a scene before there are none. */
export function compareScenes(before: Scene | undefined, scene: Scene) {
  const all: Change[] = before === undefined ? [] : [...compare(before, scene)];
  const byThing = new Map(all.map((change) => [`${change.kind} ${change.id}`, change]));
  return { all, of: (kind: Kind, id: string) => byThing.get(`${kind} ${id}`) };
}

/** One change as a sentence: `Mail e01: read, answered`. */
export function sentence({ kind, id, words: parts }: Change): string {
  return `${[NAMES[kind], id].filter((part) => part !== '').join(' ')}: ${parts.join(', ')}`;
}

function* compare(before: Scene, scene: Scene): Generator<Change> {
  const { world: was } = before;
  const { world: is } = scene;
  const today = scene.time;
  if (before.time !== scene.time)
    yield changed('time', '', [`${when(before.time, today)} to ${when(scene.time, today)}`]);
  if (before.stress !== scene.stress) yield changed('stress', '', [`${before.stress} to ${scene.stress}`]);
  yield* pair('email', was.emails, is.emails, 'arrived', (a, b) => [
    a.read === b.read ? '' : b.read ? 'read' : 'unread again',
    a.replied === b.replied ? '' : b.replied ? 'answered' : 'unanswered again',
  ]);
  yield* pair('meeting', was.meetings, is.meetings, 'invitation arrived', (a, b) => [
    a.start === b.start ? '' : `moved from ${when(a.start, today)} to ${when(b.start, today)}`,
    a.cancelled === b.cancelled ? '' : b.cancelled ? 'cancelled' : 'on again',
    ...clashWords(b.id, before, scene),
  ]);
  yield* pair('contact', was.contacts, is.contacts, 'joined', (a, b) => [
    a.mood === b.mood ? '' : `${a.mood} to ${b.mood}`,
    a.communication_preference === b.communication_preference ? '' : `now prefers ${b.communication_preference}`,
  ]);
  yield* pair('task', was.tasks, is.tasks, 'came up', (a, b) => [
    a.status === b.status ? '' : `${words(a.status)} to ${words(b.status)}`,
    a.deadline === b.deadline ? '' : `now due ${when(b.deadline, today)}`,
    delegateWords(a.delegated_to, b.delegated_to),
  ]);
}

function* pair<T extends { readonly id: string } | { readonly name: string }>(
  kind: Kind,
  was: readonly T[],
  is: readonly T[],
  arrival: string,
  compare: (a: T, b: T) => string[],
): Generator<Change> {
  const idOf = (thing: T): string => ('id' in thing ? thing.id : thing.name);
  const left = new Map(was.map((thing) => [idOf(thing), thing]));
  for (const thing of is) {
    const id = idOf(thing);
    const old = left.get(id);
    left.delete(id);
    if (old === undefined) {
      yield { kind, id, is: 'new', words: [arrival] };
      continue;
    }
    const parts = compare(old, thing).filter((part) => part !== '');
    if (parts.length > 0) yield changed(kind, id, parts);
  }
  for (const id of left.keys()) yield { kind, id, is: 'gone', words: ['no longer there'] };
}

function changed(kind: Kind, id: string, parts: readonly string[]): Change {
  return { kind, id, is: 'changed', words: parts };
}

/** Ids of the meetings that clash with this one. */
export function clashesOf(id: string, scene: Scene): string[] {
  return scene.clashes.flatMap(([a, b]) => (a === id ? [b] : b === id ? [a] : []));
}

function clashWords(id: string, before: Scene, scene: Scene): string[] {
  const was = clashesOf(id, before);
  const is = clashesOf(id, scene);
  const fresh = is.filter((other) => !was.includes(other));
  const over = was.filter((other) => !is.includes(other));
  return [
    fresh.length === 0 ? '' : `now clashes with ${fresh.join(', ')}`,
    over.length === 0 ? '' : `no longer clashes with ${over.join(', ')}`,
  ];
}

function delegateWords(was: string | null, is: string | null): string {
  if (was === is) return '';
  return is === null ? `handed back by ${was}` : `handed to ${is}`;
}
