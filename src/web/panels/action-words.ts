/** An action in a few words. Pure. */
import type { Scene } from '../../rollout/replay/scene.ts';
import { when } from '../shared/format.ts';

/** `reply e01`, `delegate t03 to Ada Bell`, `raw text`; short enough for a line of a list. */
export function actionWords({
  action,
  understood,
  step,
  time,
}: Pick<Scene, 'action' | 'understood' | 'step' | 'time'>): string {
  if (step === 0) return 'the day begins';
  if (understood === null) return typeof action === 'string' ? 'unreadable completion' : 'unreadable action';
  const text = (name: string): string => {
    const value = understood[name];
    return typeof value === 'string' && value !== '' ? value : '…';
  };
  switch (understood.action_type) {
    case 'reply_email':
      return `reply to ${text('email_id')}`;
    case 'archive_email':
      return `archive ${text('email_id')}`;
    case 'reschedule_meeting':
      return `move ${text('meeting_id')} to ${when(text('new_time'), time)}`;
    case 'cancel_meeting':
      return `cancel ${text('meeting_id')}`;
    case 'complete_task':
      return `complete ${text('task_id')}`;
    case 'delegate_task':
      return `delegate ${text('task_id')} to ${text('contact_name')}`;
    case 'send_message':
      return `message to ${text('contact_name')}`;
    default:
      return 'do nothing';
  }
}
