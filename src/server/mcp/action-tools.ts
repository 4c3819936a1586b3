/** One tool for each type of action: what it takes, what it does, when it is invalid and how long it keeps the executive busy. */
import { z } from 'zod';
import { MINUTE } from '../../lib/time.ts';
import { DELEGATE_PACE, IDLE_STEP, INVALID_STEP, MINUTES, NOTICE, WORK, WRITING } from '../../sim/v2/constants.ts';
import { type ActionType, actionSchema } from '../../world/schema.ts';

type Field = Exclude<keyof typeof actionSchema.shape, 'action_type' | 'message' | 'metadata'>;

export type ActionTool = {
  readonly type: ActionType;
  readonly title: string;
  readonly description: string;
  /** Whether it may undo something in the world, rather than only add to it. */
  readonly destructive: boolean;
  readonly schema: z.ZodType<Readonly<Record<string, unknown>>>;
};

const minutes = (duration: number): string => String(duration / MINUTE);
const WRITES = `${minutes(WRITING.email)} minutes by email, ${minutes(WRITING.text)} by text, ${minutes(WRITING.call)} by call`;
const WORKS = `${minutes(WORK.low)}, ${minutes(WORK.medium)} or ${minutes(WORK.high)} minutes (low, medium, high effort)`;

/** What holds for each of them; a model may see one tool only. */
const COMMON =
  `An invalid call is a step too: it takes ${minutes(MINUTES.invalid)} minutes and costs ${-INVALID_STEP}. ` +
  `A step that furthers nothing costs ${-IDLE_STEP} while something is owed that can still be done.`;

/** In the shared schema a field is optional or null, and its description says first which actions read it. */
function field(name: Field, isRequired: boolean): z.ZodType<string | null | undefined> {
  const shared = actionSchema.shape[name];
  const description = (shared.description ?? '').replace(/^\w+(, \w+)*: /, '');
  const text: z.ZodType<string> = shared.unwrap().in.unwrap();
  return (isRequired ? text : text.nullish()).describe(description);
}

function tool(
  type: ActionType,
  title: string,
  fields: { readonly required?: readonly Field[]; readonly optional?: readonly Field[] },
  destructive: boolean,
  does: string,
): ActionTool {
  const { required = [], optional = [] } = fields;
  const schema = z.strictObject(
    Object.fromEntries([
      ...required.map((name) => [name, field(name, true)] as const),
      ...optional.map((name) => [name, field(name, false)] as const),
    ]),
  );
  return { type, title, destructive, schema, description: `${does} ${COMMON}` };
}

export const ACTION_TOOLS: readonly ActionTool[] = [
  tool(
    'reply_email',
    'Answer an email',
    { required: ['email_id', 'message_body'], optional: ['channel'] },
    false,
    'Answers an email of the inbox. Under rules v2 it takes ' +
      `${WRITES}. It meets what is owed if it states what the sender needs to know, in the tone and channel that the email ` +
      'asks for, before it is due; an answer that will not do, or is rude, does harm. ' +
      'Invalid if there is no such email or the body is blank.',
  ),
  tool(
    'archive_email',
    'Archive an email',
    { required: ['email_id'] },
    true,
    `Puts an email away. Under rules v2 it takes ${minutes(MINUTES.archive)} minutes, and does harm where an answer is still ` +
      'owed. Invalid if there is no such email.',
  ),
  tool(
    'reschedule_meeting',
    'Move a meeting',
    { required: ['meeting_id', 'new_time'], optional: ['reason'] },
    true,
    `Moves a meeting, for example out of a clash. Under rules v2 it takes ${minutes(MINUTES.calendar)} minutes. It does harm ` +
      `to move a meeting that must not be moved, one with less than ${minutes(NOTICE)} minutes of notice, or one a second time; ` +
      'an attendee who does not work at the new time declines, and it stays where it is. Invalid if there is no such meeting, ' +
      'it has begun or is cancelled, or the new time cannot be read, is not in the future, is the old one, ends after the day ' +
      'does, or clashes with another meeting, the way there included.',
  ),
  tool(
    'cancel_meeting',
    'Cancel a meeting',
    { required: ['meeting_id'], optional: ['reason'] },
    true,
    `Cancels a meeting for good. Under rules v2 it takes ${minutes(MINUTES.calendar)} minutes. It does harm to cancel one that ` +
      'must not be cancelled, one that clashes with nothing, or any without a reason. Invalid if there is no such meeting, it ' +
      'has begun, or it is cancelled already.',
  ),
  tool(
    'complete_task',
    'Do a task',
    { required: ['task_id'] },
    true,
    `The executive does a task to its end. Under rules v2 it takes ${WORKS}, and meetings that begin or go on meanwhile are ` +
      'missed. Invalid if there is no such task, it is done, or it would take until after the end of the day.',
  ),
  tool(
    'delegate_task',
    'Hand a task over',
    { required: ['task_id', 'contact_name'] },
    false,
    `Asks a contact to do a task. Under rules v2 it takes ${minutes(MINUTES.delegate)} minutes; the contact then takes ` +
      `${DELEGATE_PACE} times as long as the executive would, or hands it back after a while if they lack the skill, have no ` +
      'room or do not work long enough today. Invalid if there is no such task or contact, the task is done, or somebody ' +
      'holds it already.',
  ),
  tool(
    'send_message',
    'Write to a contact',
    { required: ['contact_name', 'message_body'], optional: ['channel'] },
    false,
    'Writes to a contact of their own accord, which answers the first of their emails for which it will do. Under rules v2 it ' +
      `takes ${WRITES}. A message that answers nothing does harm. Invalid if there is no such contact or the body is blank.`,
  ),
  tool(
    'do_nothing',
    'Let time pass',
    {},
    false,
    `Waits, for a delegate or an event. Under rules v2 it takes ${minutes(MINUTES.idle)} minutes. Never invalid before the ` +
      'episode is over.',
  ),
];
