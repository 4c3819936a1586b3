/** What is owed to whom, by when, in which state and why, with the steps that changed it. Policies do not see it. */
import {
  type OwedChange,
  type OwedMoment,
  owedHistory,
  owedInOrder,
  owedSummary,
} from '../../analysis/owed-history.ts';
import { STATE_TERMS, TERMS } from '../../analysis/terms.ts';
import { plural } from '../../lib/text.ts';
import type { OwedItem } from '../../sim/v2/owed.ts';
import { when } from '../shared/format.ts';
import './step.css';
import './world.css';

type State = OwedItem['state'];
type AskState = OwedItem['asks'][number]['state'];

/** The groups of the list, with the states of each. The other states never occur in it. */
const GROUPS: readonly { readonly title: string; readonly states: readonly State[] }[] = [
  { title: 'To do', states: ['wrong', 'overdue', 'open', 'in able hands'] },
  { title: 'Not met', states: ['missed', 'spoiled'] },
  { title: 'Done', states: ['late', 'corrected', 'met'] },
];

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
  const { items, unseen } = owed;
  const history = owedHistory(scenes);
  const sorted = owedInOrder(items);
  const sum = (of: (item: OwedItem) => number): string => items.reduce((total, item) => total + of(item), 0).toFixed(1);
  return (
    <details class="owed" open>
      <summary>{items.length === 0 ? 'nothing so far' : owedSummary(items)}</summary>
      <p class="small muted">
        {sum(({ now }) => now)} of {sum(({ most }) => most)} points. {TERMS.points} A policy does not see this list.
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
      <Unseen unseen={unseen} />
      <details>
        <summary>What the words mean</summary>
        <Words states={[...new Set(sorted.map(({ state }) => state))]} />
      </details>
    </details>
  );
}

type OwedThingProps = { readonly item: OwedItem; readonly changes: readonly OwedChange[]; readonly today: string };

function OwedThing({ item, changes, today }: OwedThingProps) {
  const { id, to, what, asks, due, state, most, now, why } = item;
  return (
    <li class="thing">
      <span class="thing-line">
        <span class={`badge ${LOOKS[state] ?? ''}`} title={STATE_TERMS[state]}>
          {state}
        </span>
        <code>{nameOf(id)}</code>
        <span class="points" title={TERMS.points}>
          {now.toFixed(1)} of {most.toFixed(1)} <span class="muted">points</span>
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
        <p class="small muted">{changes.map((change) => changeWords(change, today)).join(' · ')}</p>
      )}
    </li>
  );
}

/** `e01` of `reply:e01`, `m01 and m02` of `clash:m01+m02`. */
function nameOf(id: string): string {
  return id.slice(id.indexOf(':') + 1).replace('+', ' and ');
}

function changeWords({ step, time, what, isAtEnd }: OwedChange, today: string): string {
  return isAtEnd ? `at the end: ${what}` : `step ${step}, ${when(time, today)}: ${what}`;
}

function Unseen({ unseen }: { unseen: NonNullable<OwedMoment['owed']>['unseen'] }) {
  const { met = 0, missed = 0 } = unseen ?? {};
  if (met + missed === 0) return null;
  const parts = [met > 0 ? `${met} counted as met` : '', missed > 0 ? `${missed} as missed` : ''];
  return (
    <p class="small muted">
      {plural(met + missed, 'obligation')} never arrived: {parts.filter((part) => part !== '').join(', ')}.
    </p>
  );
}

function Words({ states }: { states: readonly State[] }) {
  const rows = [...states.map((state) => [state, STATE_TERMS[state]] as const), ['V', TERMS.V] as const];
  return (
    <dl class="fields words">
      {rows.map(([word, meaning]) => (
        <div key={word} class="fields-row">
          <dt>{word}</dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}
