/** Copies the current branch: as a record, as a program that plays it again, or as a link. */

import { useState } from 'preact/hooks';
import { recordJson } from '../../records/record-json.ts';
import { type RecordedAnswer, recordCompletion, recordValue } from '../../records/recorded-answer.ts';
import type { EpisodeRecord } from '../../records/schema.ts';
import type { WireEpisode, WireScene } from '../../server/web/api.ts';
import { EDITIONS } from '../../sim/edition.ts';
import { isSuccess, SUCCESS_GRADE } from '../../sim/reward-profile.ts';
import { serverRoot, storedKey } from '../shared/api.ts';
import { Card } from '../shared/frame.tsx';

// An episode as text to copy: a line of trajectories.jsonl, or a program that plays it again. Pure.

/** Policy name in records of the playground, where a person and policies may take turns. */
const PLAYER = 'playground';

/**
 * One line, as a rollout writes it.
 * @param scenes From the reset on.
 * @param promptSha256 The SHA-256 of the system prompt of rules v2.
 */
export function recordOf(
  { task_id, seed, rules, reward_mode }: WireEpisode,
  scenes: readonly WireScene[],
  promptSha256: string | null,
): EpisodeRecord {
  const last = scenes.at(-1);
  const isOver = last !== undefined && (last.terminated || last.truncated);
  const grade = isOver ? last.grade : null;
  const steps = scenes.slice(1).map((scene, at) => {
    const { reward, breakdown, terminated, truncated, step_ok, error } = scene;
    if (breakdown === null) throw new TypeError('every scene after the first is of a step');
    const observation = scenes[at]?.briefing ?? null;
    const paid = { reward, reward_breakdown: breakdown };
    return { observation, ...answerIn(scene), ...paid, terminated, truncated, step_ok, error };
  });
  return {
    episode_id: `${PLAYER}-0`,
    group_id: `${PLAYER}-0`,
    index: 0,
    task_id,
    seed,
    policy_seed: 0,
    rules,
    edition: EDITIONS[rules],
    prompt_sha256: rules === 'v2' ? promptSha256 : null,
    reward_mode,
    policy: PLAYER,
    status: isOver ? 'complete' : 'failed',
    error: isOver ? null : 'the episode was not played to its end',
    failure: isOver ? null : 'policy',
    return: isOver ? last.return : null,
    grade: grade?.grade ?? null,
    grade_parts: grade?.value === undefined ? null : grade,
    success: isSuccess(grade?.grade ?? null),
    success_grade: SUCCESS_GRADE,
    length: steps.length,
    invalid_steps: steps.filter(({ step_ok }) => !step_ok).length,
    extra_json: null,
    advantage: null,
    steps,
  };
}

function answerIn({ action, understood }: WireScene): RecordedAnswer {
  return typeof action === 'string' ? recordCompletion(action, understood ?? undefined) : recordValue(action);
}

/** Stands in for an unreadable completion: POST /step only takes actions, and another invalid step has the same effect. */
const UNREADABLE = { action_type: 'reply_email' };

const NOTE = 'stands for a completion that could not be read: both are invalid steps';

/** What a program replays: an episode with an id that is not in use yet, and its scenes from the reset on. */
type Replayed = {
  readonly episode: WireEpisode & { readonly episode_id: string };
  readonly scenes: readonly WireScene[];
};

/** A shell script that uses curl. */
function curlSnippet({ episode, scenes }: Replayed): string {
  const key = storedKey() !== null ? ` -H "authorization: Bearer $GHOSTEXEC_API_KEY"` : '';
  const call = (path: string, body: unknown): string =>
    `curl -sS ${shellText(serverRoot() + path)} -H 'content-type: application/json'${key} -d ${shellText(JSON.stringify(body))}; echo`;
  const steps = scenes.slice(1).flatMap(({ understood }) => {
    const line = call('/step', { episode_id: episode.episode_id, action: understood ?? UNREADABLE });
    return understood === null ? [`# ${NOTE}`, line] : [line];
  });
  return `${[call('/reset', episode), ...steps].join('\n')}\n`;
}

/** A text in single quotes. Between them the shell reads everything literally except a single quote. */
function shellText(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A program for Python 3 that needs only the standard library. */
function pythonSnippet({ episode, scenes }: Replayed): string {
  const hasKey = storedKey() !== null;
  const actions = scenes
    .slice(1)
    .map(({ understood }) =>
      understood === null ? `    ${pythonText(UNREADABLE)},  # ${NOTE}\n` : `    ${pythonText(understood)},\n`,
    );
  const headers = hasKey
    ? `{"content-type": "application/json", "authorization": "Bearer " + os.environ["GHOSTEXEC_API_KEY"]}`
    : `{"content-type": "application/json"}`;
  return `import json
${hasKey ? 'import os\n' : ''}from urllib.request import Request, urlopen

SERVER = ${pythonText(serverRoot())}
HEADERS = ${headers}
EPISODE = ${pythonText(episode)}
ACTIONS = [
${actions.join('')}]


def call(path, body):
    with urlopen(Request(SERVER + path, json.dumps(body).encode(), HEADERS)) as answer:
        return json.load(answer)


answer = call("/reset", EPISODE)
print(answer["observation"]["briefing"])
for action in ACTIONS:
    answer = call("/step", {"episode_id": EPISODE["episode_id"], "action": action})
    observation = answer["observation"]
    print(observation["episode_step"], answer["reward"], observation["step_detail"])
if answer["done"]:
    print("grade", answer["observation"]["grade"])
`;
}

/** A JSON value in Python syntax. A JSON string is a Python string with the same text. */
function pythonText(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(pythonText).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${pythonText(one)}`);
  return `{${entries.join(', ')}}`;
}

type CopyProps = {
  readonly episode: WireEpisode;
  /** The SHA-256 of the system prompt of rules v2. */
  readonly promptSha256: string | null;
  /** From the reset to the current node. */
  readonly scenes: readonly WireScene[];
  readonly notice: string;
  readonly onNotice: (notice: string) => void;
};

const KINDS = [
  { id: 'jsonl', title: 'JSONL', about: 'a line of trajectories.jsonl' },
  { id: 'curl', title: 'curl', about: 'a shell script' },
  { id: 'python', title: 'Python', about: 'a Python program' },
  { id: 'link', title: 'Link', about: 'the address of this moment' },
] as const;

export function CopyButtons(props: CopyProps) {
  const { notice, onNotice } = props;
  /** A text that could not be copied to the clipboard, for copying by hand. */
  const [text, setText] = useState('');
  const copy = async (kind: (typeof KINDS)[number]): Promise<void> => {
    const content = textOf(kind.id, props);
    try {
      await navigator.clipboard.writeText(content);
      setText('');
      onNotice(`Copied: ${kind.about}.`);
    } catch {
      setText(content);
      onNotice('The browser does not let this page copy. Copy the text below instead.');
    }
  };
  return (
    <Card title="Copy this episode" class="copy">
      <div class="row">
        {KINDS.map((kind) => (
          <button key={kind.id} type="button" title={kind.about} onClick={() => copy(kind)}>
            {kind.title}
          </button>
        ))}
      </div>
      <p class="small muted">{notice === '' ? 'From the beginning to this step.' : notice}</p>
      {text !== '' && (
        <textarea
          aria-label="Text to copy"
          rows={8}
          readOnly
          value={text}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
      )}
    </Card>
  );
}

function textOf(kind: (typeof KINDS)[number]['id'], { episode, scenes, promptSha256 }: CopyProps): string {
  if (kind === 'link') return location.href;
  if (kind === 'jsonl') return `${recordJson(recordOf(episode, scenes, promptSha256))}\n`;
  const episode_id = `playground-${[...crypto.getRandomValues(new Uint8Array(4))].map((one) => one.toString(16).padStart(2, '0')).join('')}`;
  const replayed: Replayed = { episode: { ...episode, episode_id }, scenes };
  return kind === 'curl' ? curlSnippet(replayed) : pythonSnippet(replayed);
}
