/** What is owed to whom, by when, in which state and why, with the steps that changed it. Policies do not see it. */
import {
  changeText,
  type OwedChange,
  type OwedMoment,
  owedHistory,
  owedInOrder,
  owedName,
  owedPoints,
  owedSummary,
  unseenText,
} from '../../analysis/owed-history.ts';
import { STATE_TERMS, TERMS } from '../../analysis/terms.ts';
import type { OwedItem } from '../../sim/v2/owed.ts';
import { FieldList } from '../shared/fields.tsx';
import { when } from '../shared/format.ts';
import './step.css';
import './world.css';

type State = OwedItem['state'];
type AskState = OwedItem['asks'][number]['state'];

const TO_DO: readonly State[] = ['wrong', 'overdue', 'open', 'in able hands'];

/** The groups of the list, with the states of each. The other states never occur in it. */
const GROUPS: readonly { readonly title: string; readonly states: readonly State[] }[] = [
  { title: 'To do', states: TO_DO },
  { title: 'Not met', states: ['missed', 'spoiled'] },
  { title: 'Done', states: ['late', 'corrected', 'met'] },
];

/** Number of the obligations that can still be met or corrected. */
export function owedToDo(items: readonly OwedItem[]): number {
  return items.filter(({ state }) => TO_DO.includes(state)).length;
}

/** The look of the badge of each state. */
const LOOKS: Partial<Record<State, string>> = {
  met: 'ok',
  missed: 'bad',
  spoiled: 'bad',
  wrong: 'bad',
  overdue: 'high',
  late: 'high',
  corrected: 'high',
};

const ASK_MARKS: Readonly<Record<AskState, string>> = {
  open: '○',
  answered: '✓',
  'answered late': '◔',
  wrong: '✗',
  corrected: '↻',
};

/** @param props.scenes The scenes from the beginning of the episode up to the one that is shown. */
export function OwedView({ scenes }: { scenes: readonly OwedMoment[] }) {
  const scene = scenes.at(-1);
  const owed = scene?.owed ?? null;
  if (scene === undefined || owed === null) return <p class="muted">These rules have no obligations.</p>;
  const { items } = owed;
  const unseen = unseenText(owed);
  const history = owedHistory(scenes);
  const sorted = owedInOrder(items);
  const states = [...new Set(sorted.map(({ state }) => state))];
  return (
    <details class="owed-list" open>
      <summary>{owedSummary(items)}</summary>
      <p class="small muted">
        {owedPoints(items)} points. {TERMS.points}
      </p>
      {GROUPS.map(({ title, states }) => {
        const own = sorted.filter(({ state }) => states.includes(state));
        if (own.length === 0) return null;
        return (
          <section key={title} aria-label={title}>
            <h3>
              {title} <span class="muted">{own.length}</span>
            </h3>
            <ul class="things">
              {own.map((item) => (
                <OwedThing key={item.id} item={item} changes={history.get(item.id) ?? []} today={scene.time} />
              ))}
            </ul>
          </section>
        );
      })}
      {unseen !== '' && <p class="small muted">{unseen}</p>}
      <details>
        <summary>What the words mean</summary>
        <FieldList
          class="words"
          rows={[...states.map((state) => [state, STATE_TERMS[state]] as const), ['V', TERMS.V]]}
        />
      </details>
    </details>
  );
}

export function OwedBadge({ state }: { state: State }) {
  return (
    <span class={`badge ${LOOKS[state] ?? ''}`} title={STATE_TERMS[state]}>
      {state}
    </span>
  );
}

type OwedThingProps = { readonly item: OwedItem; readonly changes: readonly OwedChange[]; readonly today: string };

function OwedThing({ item, changes, today }: OwedThingProps) {
  const { to, what, asks, due, state, why } = item;
  return (
    <li class="thing">
      <span class="thing-line">
        <OwedBadge state={state} />
        <code>{owedName(item)}</code>
        <span class="points" title={TERMS.points}>
          {owedPoints([item])} <span class="muted">points</span>
        </span>
      </span>
      <span class="subject">{what}</span>
      <p class="small">
        <span class="muted">
          to {to.join(', ')}
          {due === null ? '' : ` by ${when(due, today)}`}:{' '}
        </span>
        {why}
      </p>
      {asks.length > 1 && (
        <ul class="asks small">
          {asks.map((ask) => (
            <li key={ask.name}>
              <span aria-hidden="true">{ASK_MARKS[ask.state]} </span>
              {ask.name}
              <span class="sr-only">: {ask.state}</span>
            </li>
          ))}
        </ul>
      )}
      {changes.length > 0 && (
        <p class="small muted">
          {changes.map((change) => changeText(change, (time) => when(time, today))).join(' · ')}
        </p>
      )}
    </li>
  );
}
