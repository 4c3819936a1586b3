/** Shows the subject of an action in full beside the field: the email to answer, the meeting to move. */
import type { Scene } from '../../rollout/replay/scene.ts';
import { clock, minutesOf, when } from '../shared/format.ts';

export function About({ name, value, scene: { world, time } }: { name: string; value: string; scene: Scene }) {
  if (name === 'email_id') {
    const email = world.emails.find(({ id }) => id === value);
    if (email === undefined) return null;
    return (
      <blockquote class="about">
        <b>{email.subject}</b> <span class="muted">from {email.sender}</span>
        <p>{email.body}</p>
      </blockquote>
    );
  }
  if (name === 'meeting_id') {
    const meeting = world.meetings.find(({ id }) => id === value);
    if (meeting === undefined) return null;
    const start = minutesOf(meeting.start);
    const until = start === undefined ? '' : `–${clock(start + meeting.duration_minutes)}`;
    return (
      <blockquote class="about">
        <b>{meeting.title}</b>{' '}
        <span class="muted">
          {when(meeting.start, time)}
          {until}, {meeting.attendees.join(', ')}
        </span>
      </blockquote>
    );
  }
  return null;
}
