/** One tool for each type of action. Its description says what the action does, how long it takes and when it is invalid. */
import { z } from 'zod';
import { MINUTE } from '../../lib/time.ts';
import { type ActionType, actionSchema } from '../../world/schema.ts';
import { DELEGATE_PACE, IDLE_STEP, INVALID_STEP, MINUTES, NOTICE, WORK, WRITING } from './constants.ts';

type Field = Exclude<keyof typeof actionSchema.shape, 'action_type' | 'message' | 'metadata'>;

export type ActionTool = {
  readonly type: ActionType;
  readonly title: string;
  readonly description: string;
  /** Whether the action may undo something in the world; false if it only adds something. */
  readonly destructive: boolean;
  readonly schema: z.ZodType<Readonly<Record<string, unknown>>>;
};

const minutes = (duration: number): string => String(duration / MINUTE);
const WRITES = `${minutes(WRITING.email)} minutes by email, ${minutes(WRITING.text)} by text, ${minutes(WRITING.call)} by call`;
const WORKS = `${minutes(WORK.low)}, ${minutes(WORK.medium)} or ${minutes(WORK.high)} minutes (low, medium, high effort)`;

/** Said in the description of each tool, because a model may see only one of them. */
const COMMON =
  `An invalid call is also a step: it takes ${minutes(MINUTES.invalid)} minutes and costs ${-INVALID_STEP}. ` +
  `A step without any progress costs ${-IDLE_STEP} while an open obligation can still be met.`;

/** The schema of one argument. In the shared schema a field is optional, and its description begins with the actions that read it. */
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
    'Answers an email in the inbox. Under rules v2 this takes ' +
      `${WRITES}. The answer meets the obligation if it states what the sender needs to know, in the tone and channel that the ` +
      'email asks for, before the answer is due. An insufficient or rude answer does harm. ' +
      'Invalid if the email does not exist or the body is blank.',
  ),
  tool(
    'archive_email',
    'Archive an email',
    { required: ['email_id'] },
    true,
    `Archives an email. Under rules v2 this takes ${minutes(MINUTES.archive)} minutes, and does harm if an answer is still ` +
      'owed. Invalid if the email does not exist.',
  ),
  tool(
    'reschedule_meeting',
    'Move a meeting',
    { required: ['meeting_id', 'new_time'], optional: ['reason'] },
    true,
    `Moves a meeting, for example to resolve a clash. Under rules v2 this takes ${minutes(MINUTES.calendar)} minutes. It does ` +
      `harm to move a meeting that must not be moved, to move one with less than ${minutes(NOTICE)} minutes of notice, or to ` +
      'move one a second time. If an attendee does not work at the new time, they decline and the meeting stays where it is. ' +
      'Invalid if the meeting does not exist, has begun or is cancelled; if the new time cannot be read, is not in the future ' +
      'or is the old time; or if the meeting would end after the end of the day or clash with another one, travel time included.',
  ),
  tool(
    'cancel_meeting',
    'Cancel a meeting',
    { required: ['meeting_id'], optional: ['reason'] },
    true,
    `Cancels a meeting for good. Under rules v2 this takes ${minutes(MINUTES.calendar)} minutes. It does harm to cancel a meeting ` +
      'that must not be cancelled, to cancel one that clashes with nothing, or to cancel without a reason. Invalid if the meeting does ' +
      'not exist, has begun or is already cancelled.',
  ),
  tool(
    'complete_task',
    'Do a task',
    { required: ['task_id'] },
    true,
    `The executive works on a task until it is done. Under rules v2 this takes ${WORKS}, and the executive misses meetings in ` +
      'that time. Invalid if the task does not exist, is done, or would not be finished before the end of the day.',
  ),
  tool(
    'delegate_task',
    'Hand a task over',
    { required: ['task_id', 'contact_name'] },
    false,
    `Asks a contact to do a task. Under rules v2 this takes ${minutes(MINUTES.delegate)} minutes. The contact then needs ` +
      `${DELEGATE_PACE} times as long as the executive would. A contact who lacks the skill, has no capacity or does not work ` +
      'long enough today hands the task back after a while. Invalid if the task or the contact does not exist, or the task is ' +
      'done or already delegated.',
  ),
  tool(
    'send_message',
    'Write to a contact',
    { required: ['contact_name', 'message_body'], optional: ['channel'] },
    false,
    'Writes a message to a contact. It counts as the answer to the first of their emails for which it is sufficient. Under rules ' +
      `v2 this takes ${WRITES}. A message that answers no email does harm. Invalid if the contact does not exist or the body is blank.`,
  ),
  tool(
    'do_nothing',
    'Let time pass',
    {},
    false,
    `Waits, for example for a delegate or an event. Under rules v2 this takes ${minutes(MINUTES.idle)} minutes. Never invalid ` +
      'before the episode is over.',
  ),
];
