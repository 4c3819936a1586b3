/** The inbox: unread emails, then emails that wait for an answer, then the rest. */

import { useState } from 'preact/hooks';
import { plural } from '../../lib/text.ts';
import type { WorldExport } from '../../world/export.ts';
import { Card } from '../shared/frame.tsx';
import { type PanelProps, Thing } from './thing.tsx';

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
