/** The mails, tasks and people of the world: each thing is a button if it can be picked, and marked if it has changed. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Scene } from '../../analysis/replay.ts';
import { plural } from '../../lib/text.ts';
import type { WorldExport } from '../../world/export.ts';
import type { Mood } from '../../world/schema.ts';
import { minutesOf, when, words } from '../shared/format.ts';
import { Card } from '../shared/frame.tsx';
import type { Change, Changes } from './changes.ts';

/** The thing that the person clicked in the world. */
export type Pick = { readonly kind: 'email' | 'meeting' | 'task' | 'contact'; readonly id: string };
export type OnPick = (pick: Pick) => void;

export function isPicked(picked: Pick | undefined, kind: Pick['kind'], id: string): boolean {
  return picked?.kind === kind && picked.id === id;
}

// The properties that every panel of the world receives.

export type PanelProps = {
  readonly scene: Scene;
  /** Changes since the scene before. */
  readonly changes: Changes;
  /** Undefined if things cannot be picked. */
  readonly onPick?: OnPick | undefined;
  /** The thing that was picked last. */
  readonly picked?: Pick | undefined;
};

/** The free times in the briefing's words, which the exported world does not contain; empty if it does not state them. */
export function freeTimes(briefing: string): string {
  return /^ {2}Free: (.*)$/m.exec(briefing)?.[1] ?? '';
}

type ThingProps = Pick & {
  readonly panel: PanelProps;
  readonly class?: string;
  /** Its name, which a screen reader reads out with the button. */
  readonly title: ComponentChildren;
  readonly children?: ComponentChildren;
};

export function Thing({ kind, id, panel: { changes, onPick, picked }, class: name = '', title, children }: ThingProps) {
  const change = changes.of(kind, id);
  const isOn = isPicked(picked, kind, id);
  return (
    <li class={`thing ${name}${change === undefined ? '' : ' changed'}${isOn ? ' picked' : ''}`}>
      {onPick === undefined ? (
        <div class="thing-title">{title}</div>
      ) : (
        <button type="button" class="thing-title" aria-pressed={isOn} onClick={() => onPick({ kind, id })}>
          {title}
        </button>
      )}
      {children}
      <ChangeNote change={change} />
    </li>
  );
}

/** The change in words, beside a sign. */
export function ChangeNote({ change }: { change: Change | undefined }) {
  if (change === undefined) return null;
  return (
    <p class="change">
      <span aria-hidden="true">{change.is === 'new' ? '✦' : '△'}</span> {change.words.join(', ')}
    </p>
  );
}

type ShownEmail = WorldExport['emails'][number];

const RANKS = ['critical', 'high', 'normal', 'low'];
/** Longer bodies are cut until the person expands them. */
const LONG = 120;

export function Inbox(panel: PanelProps) {
  const { emails } = panel.scene.world;
  const sorted = [...emails].sort((a, b) => RANKS.indexOf(a.priority) - RANKS.indexOf(b.priority));
  const unread = sorted.filter(({ read, replied }) => !read && !replied);
  const open = sorted.filter(({ read, replied }) => read && !replied);
  const answered = sorted.filter(({ replied }) => replied);
  return (
    <Card title="Inbox" note={`${unread.length} unread of ${emails.length}`} class="inbox">
      {emails.length === 0 && <p class="muted">No mail.</p>}
      <Emails title="Unread" emails={unread} panel={panel} />
      <Emails title="Read, unanswered" emails={open} panel={panel} />
      {answered.length > 0 && (
        <details open={answered.some(({ id }) => panel.changes.of('email', id) !== undefined)}>
          <summary>{plural(answered.length, 'mail')} answered</summary>
          <Emails title="Answered" emails={answered} panel={panel} />
        </details>
      )}
    </Card>
  );
}

type EmailsProps = { title: string; emails: readonly ShownEmail[]; panel: PanelProps };

function Emails({ title, emails, panel }: EmailsProps) {
  if (emails.length === 0) return null;
  return (
    <>
      <h3>
        {title} <span class="muted">{emails.length}</span>
      </h3>
      <ul class="things">
        {emails.map((email) => (
          <Mail key={email.id} email={email} panel={panel} />
        ))}
      </ul>
    </>
  );
}

function Mail({ email, panel }: { email: ShownEmail; panel: PanelProps }) {
  const { id, sender, subject, body, priority, read, replied, sender_relationship: relationship } = email;
  const [isOpen, setOpen] = useState(false);
  return (
    <Thing
      kind="email"
      id={id}
      panel={panel}
      class={`mail priority-${priority}${read ? '' : ' unread'}`}
      title={
        <>
          <span class="thing-line">
            <code>{id}</code>
            <span class="who">{sender}</span>
            {relationship === 'VIP' && <span class="badge vip">VIP</span>}
            <span class={`badge ${priority}`}>{priority}</span>
            <span class="sr-only">{replied ? ', answered' : read ? ', read, unanswered' : ', unread'}</span>
          </span>
          <span class="subject">{subject}</span>
        </>
      }
    >
      <p class={isOpen ? 'mail-body' : 'mail-body cut'}>{body}</p>
      {body.length > LONG && (
        <button type="button" class="quiet more" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'less' : 'more'}
          <span class="sr-only"> of mail {id}</span>
        </button>
      )}
    </Thing>
  );
}

type ShownTask = WorldExport['tasks'][number];

export function Tasks(panel: PanelProps) {
  const { tasks } = panel.scene.world;
  const order = (task: ShownTask): number => (task.status === 'done' ? 1e12 : 0) + (minutesOf(task.deadline) ?? 0);
  const open = tasks.filter(({ status }) => status !== 'done').length;
  return (
    <Card title="Tasks" note={`${open} open of ${tasks.length}`} class="tasks">
      {tasks.length === 0 && <p class="muted">No tasks.</p>}
      <ul class="things">
        {[...tasks]
          .sort((a, b) => order(a) - order(b))
          .map((task) => (
            <TaskItem key={task.id} task={task} panel={panel} />
          ))}
      </ul>
    </Card>
  );
}

function TaskItem({ task, panel }: { task: ShownTask; panel: PanelProps }) {
  const { id, description, deadline, owner, status, effort, priority, delegated_to: delegate, skill } = task;
  const { time } = panel.scene;
  const isDone = status === 'done';
  const isLate = !isDone && (minutesOf(deadline) ?? Infinity) < (minutesOf(time) ?? 0);
  const facts = [`owner ${owner}`, `${effort} effort`, skill === undefined ? '' : `needs ${skill}`];
  return (
    <Thing
      kind="task"
      id={id}
      panel={panel}
      class={`task priority-${priority ?? 'normal'}${isDone ? ' done' : ''}`}
      title={
        <>
          <span class="thing-line">
            <code>{id}</code>
            <span class={isLate ? 'due bad-text' : 'due'}>
              {isLate ? '⚠ overdue, was due' : 'due'} {when(deadline, time)}
            </span>
            {priority !== undefined && <span class={`badge ${priority}`}>{priority}</span>}
            <span class={`badge status-${status}`}>
              <span aria-hidden="true">{isDone ? '✓ ' : ''}</span>
              {words(status)}
            </span>
          </span>
          <span class="subject">{description}</span>
        </>
      }
    >
      <p class="small muted">
        {delegate !== null && <b class="with">with {delegate} · </b>}
        {facts.filter((fact) => fact !== '').join(' · ')}
      </p>
    </Thing>
  );
}

// A mood as a face; the word is shown beside it.

/** Mouth and brows. */
const LINES: Record<Mood, readonly [mouth: string, brows: string]> = {
  happy: ['M5.5 9.5 Q8 13 10.5 9.5', ''],
  neutral: ['M5.5 10.8 H10.5', ''],
  annoyed: ['M5.5 11.4 Q8 9.8 10.5 10.8', 'M4.2 4.6 H6.6 M9.4 4.6 H11.8'],
  angry: ['M5.5 12 Q8 9 10.5 12', 'M4 4 L6.6 5.2 M12 4 L9.4 5.2'],
  furious: ['M5.3 12.2 Q8 8.2 10.7 12.2 Z', 'M3.6 3.2 L6.8 5.4 M12.4 3.2 L9.2 5.4'],
};

export function Face({ mood }: { mood: Mood }) {
  const [mouth, brows] = LINES[mood];
  return (
    <svg class={`face ${mood}`} viewBox="0 0 16 16" width="22" height="22" aria-hidden="true">
      <circle cx="8" cy="8" r="7.2" />
      <path d={`M5.4 6.6 V7.2 M10.6 6.6 V7.2 ${mouth} ${brows}`} />
    </svg>
  );
}

type Contact = WorldExport['contacts'][number];

export function People(panel: PanelProps) {
  const { world } = panel.scene;
  const upset = world.contacts.filter(({ mood }) => mood !== 'happy' && mood !== 'neutral').length;
  return (
    <Card title="People" note={upset === 0 ? 'none upset' : `${upset} upset`} class="people">
      <ul class="things">
        {world.contacts.map((contact) => (
          <Person
            key={contact.name}
            contact={contact}
            panel={panel}
            held={world.tasks.filter((task) => task.delegated_to === contact.name && task.status !== 'done').length}
          />
        ))}
      </ul>
    </Card>
  );
}

function Person({ contact, panel, held }: { contact: Contact; panel: PanelProps; held: number }) {
  const { name, mood, importance, communication_preference: channel, relationship_type: relationship } = contact;
  const facts = [
    `${words(relationship)}, importance ${importance}/5`,
    `prefers ${channel}`,
    contact.working_hours === undefined ? '' : `works ${contact.working_hours.from}–${contact.working_hours.to}`,
    contact.skills === undefined || contact.skills.length === 0 ? '' : `can do ${contact.skills.join(', ')}`,
    contact.load_limit === undefined ? '' : `takes ${plural(contact.load_limit, 'task')}`,
    held === 0 ? '' : `holds ${held}`,
  ];
  return (
    <Thing
      kind="contact"
      id={name}
      panel={panel}
      class="person"
      title={
        <span class="thing-line">
          <Face mood={mood} />
          <span class="who">{name}</span>
          <span class={`mood ${mood}`}>{mood}</span>
        </span>
      }
    >
      <p class="small muted">{facts.filter((fact) => fact !== '').join(' · ')}</p>
    </Thing>
  );
}
