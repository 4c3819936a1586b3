/**
 * The world of rules v1 as plain JSON-like objects (rules-v1.md, section 1), and the shape of an action (section 2). Nothing
 * here imports from src/: this folder is an independent implementation.
 */

export type Priority = 'critical' | 'high' | 'normal' | 'low';
export type SenderRelationship = 'VIP' | 'personal' | 'professional' | 'unknown';
export type Mood = 'furious' | 'angry' | 'annoyed' | 'neutral' | 'happy';
export type Preference = 'email' | 'text' | 'call';
export type TaskStatus = 'pending' | 'in-progress' | 'done' | 'overdue';
export type Effort = 'low' | 'medium' | 'high';
export type RelationshipType =
  | 'board_member'
  | 'spouse'
  | 'investor'
  | 'direct_report'
  | 'client'
  | 'friend'
  | 'team_member';

export interface Email {
  id: string;
  sender: string;
  subject: string;
  body: string;
  read: boolean;
  replied: boolean;
  priority: Priority;
  sender_relationship: SenderRelationship;
}

export interface Meeting {
  id: string;
  title: string;
  start: string;
  duration_minutes: number;
  attendees: string[];
  location: string;
  priority: Priority;
  cancelled: boolean;
}

export interface Contact {
  name: string;
  relationship_type: RelationshipType;
  communication_preference: Preference;
  importance: number;
  mood: Mood;
}

export interface Task {
  id: string;
  description: string;
  deadline: string;
  owner: string;
  status: TaskStatus;
  effort: Effort;
  delegated_to: string | null;
}

/** The part of the world that `ReferenceEpisode.world()` returns (the recordings' `final`). */
export interface FinalWorld {
  simulation_time: string;
  stress: number;
  episode_active: boolean;
  episode_end_reason: string | null;
  max_episode_steps: number;
  emails: Email[];
  meetings: Meeting[];
  contacts: Contact[];
  tasks: Task[];
}

export interface World extends FinalWorld {
  active_conflicts: string[];
  action_log: string[];
}

export interface DriftEvent {
  after_step: number;
  comment?: string | null;
  shift_all_meetings_hours?: number | null;
  set_contact_preference?: { name: string; communication_preference: Preference } | null;
  set_task_deadline?: { task_id: string; deadline: string } | null;
  suppress_reply_relationship_for_senders?: string[] | null;
  /** An unknown mood is not an error and changes nothing. */
  set_contact_mood?: { name: string; mood: string } | null;
}

export interface Drift {
  description?: string | null;
  events: DriftEvent[];
}

/** All keys of T; those of K are optional. */
type Optional<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

export type RawEmail = Optional<Email, 'read' | 'replied'>;
export type RawMeeting = Optional<Meeting, 'attendees' | 'location' | 'priority' | 'cancelled'>;
export type RawContact = Optional<Contact, 'mood'>;
export type RawTask = Optional<Task, 'status' | 'effort' | 'delegated_to'>;

/** A scenario file: every field with a default may be missing. The file must be valid. */
export interface Scenario {
  simulation_time: string;
  stress?: number;
  active_conflicts?: string[];
  action_log?: string[];
  episode_active?: boolean;
  episode_end_reason?: string | null;
  max_episode_steps?: number;
  emails?: RawEmail[];
  meetings?: RawMeeting[];
  contacts?: RawContact[];
  tasks?: RawTask[];
}

export const ACTION_TYPES = [
  'do_nothing',
  'reply_email',
  'archive_email',
  'reschedule_meeting',
  'cancel_meeting',
  'complete_task',
  'delegate_task',
  'send_message',
] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

/** Section 2: all strings, all optional. */
export interface PlainAction {
  action_type?: string;
  email_id?: string;
  message_body?: string;
  meeting_id?: string;
  new_time?: string;
  reason?: string;
  task_id?: string;
  contact_name?: string;
  message?: string;
  /** Accepted and ignored. */
  metadata?: unknown;
}

/** A completion that could not be parsed or failed the schema: an invalid step. */
export interface UnreadableAction {
  unreadable: string;
}

export type Action = PlainAction | UnreadableAction;

/** An action with every field filled in. */
export interface FullAction {
  action_type: ActionType | 'unreadable';
  email_id: string;
  message_body: string;
  meeting_id: string;
  new_time: string;
  reason: string;
  task_id: string;
  contact_name: string;
  message: string;
}

/** Section 1: fills in the defaults of a scenario file. The argument is neither changed nor shared. */
export function fillDefaults(raw: Scenario): World {
  const file = structuredClone(raw);
  return {
    simulation_time: file.simulation_time,
    stress: file.stress ?? 0,
    active_conflicts: file.active_conflicts ?? [],
    action_log: file.action_log ?? [],
    episode_active: file.episode_active ?? true,
    episode_end_reason: file.episode_end_reason ?? null,
    max_episode_steps: file.max_episode_steps ?? 48,
    emails: (file.emails ?? []).map((email) => ({
      id: email.id,
      sender: email.sender,
      subject: email.subject,
      body: email.body,
      read: email.read ?? false,
      replied: email.replied ?? false,
      priority: email.priority,
      sender_relationship: email.sender_relationship,
    })),
    meetings: (file.meetings ?? []).map((meeting) => ({
      id: meeting.id,
      title: meeting.title,
      start: meeting.start,
      duration_minutes: meeting.duration_minutes,
      attendees: meeting.attendees ?? [],
      location: meeting.location ?? '',
      priority: meeting.priority ?? 'normal',
      cancelled: meeting.cancelled ?? false,
    })),
    contacts: (file.contacts ?? []).map((contact) => ({
      name: contact.name,
      relationship_type: contact.relationship_type,
      communication_preference: contact.communication_preference,
      importance: contact.importance,
      mood: contact.mood ?? 'neutral',
    })),
    tasks: (file.tasks ?? []).map((task) => ({
      id: task.id,
      description: task.description,
      deadline: task.deadline,
      owner: task.owner,
      status: task.status ?? 'pending',
      effort: task.effort ?? 'medium',
      delegated_to: task.delegated_to ?? null,
    })),
  };
}

/** Section 2: a missing field is "", a missing action_type is do_nothing. */
export function fillAction(action: Action): FullAction {
  const empty = {
    email_id: '',
    message_body: '',
    meeting_id: '',
    new_time: '',
    reason: '',
    task_id: '',
    contact_name: '',
    message: '',
  };
  if ('unreadable' in action) return { ...empty, action_type: 'unreadable' };
  const given = action.action_type ?? 'do_nothing';
  const known = ACTION_TYPES.find((name) => name === given);
  if (known === undefined) {
    // Section 2: such an action never reaches the simulator. The caller must pass { unreadable } instead.
    throw new TypeError(`unknown action_type ${JSON.stringify(given)}`);
  }
  return {
    action_type: known,
    email_id: action.email_id ?? '',
    message_body: action.message_body ?? '',
    meeting_id: action.meeting_id ?? '',
    new_time: action.new_time ?? '',
    reason: action.reason ?? '',
    task_id: action.task_id ?? '',
    contact_name: action.contact_name ?? '',
    message: action.message ?? '',
  };
}
