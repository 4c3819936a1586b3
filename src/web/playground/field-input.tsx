/** One field of an action: a choice among existing things, a time, or a text. */
import type { Scene } from '../../rollout/replay/scene.ts';
import { when, words } from '../shared/format.ts';
import type { Field } from './draft.ts';

type FieldInputProps = {
  readonly field: Field;
  readonly scene: Scene;
  readonly value: string;
  readonly onValue: (value: string) => void;
};

type Choice = { readonly value: string; readonly title: string };

export function FieldInput({ field: { name, description, choices }, scene, value, onValue }: FieldInputProps) {
  const id = `field-${name}`;
  const things = choices?.map((one) => ({ value: one, title: one })) ?? thingsFor(name, scene);
  const common = { id, value, 'aria-describedby': `${id}-about` };
  const read = ({ currentTarget }: { currentTarget: { value: string } }): void => onValue(currentTarget.value);
  return (
    <>
      <div class="field-head">
        <label for={id}>{words(name)}</label>
        <span id={`${id}-about`} class="muted small">
          {name === 'new_time' ? `UTC; it was ${when(scene.time)}` : description}
        </span>
      </div>
      {things !== undefined ? (
        <select {...common} onChange={read}>
          <option value="">{choices === undefined ? 'choose …' : 'default'}</option>
          {value !== '' && !things.some((one) => one.value === value) && (
            <option value={value}>{value} (not there)</option>
          )}
          {things.map((one) => (
            <option key={one.value} value={one.value}>
              {one.title}
            </option>
          ))}
        </select>
      ) : name === 'new_time' ? (
        <input {...common} type="datetime-local" onInput={read} />
      ) : name === 'message_body' ? (
        <textarea {...common} rows={5} onInput={read} />
      ) : (
        <input {...common} type="text" autocomplete="off" onInput={read} />
      )}
    </>
  );
}

/** The things to choose from; undefined for a field that takes any text. */
function thingsFor(name: string, { world, time }: Scene): Choice[] | undefined {
  switch (name) {
    case 'email_id':
      return world.emails.map(({ id, sender, subject }) => ({ value: id, title: `${id} · ${sender}: ${subject}` }));
    case 'meeting_id':
      return world.meetings.map(({ id, title, start }) => ({
        value: id,
        title: `${id} · ${when(start, time)} ${title}`,
      }));
    case 'task_id':
      return world.tasks.map(({ id, description }) => ({ value: id, title: `${id} · ${description}` }));
    case 'contact_name':
      return world.contacts.map(({ name: person }) => ({ value: person, title: person }));
    default:
      return undefined;
  }
}
