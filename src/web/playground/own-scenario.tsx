/** A custom scenario document: pasted, or opened from a file. */
import { useState } from 'preact/hooks';
import { parseJson } from '../../lib/text.ts';
import type { EpisodeInput } from '../../server/web/api.ts';

type OwnScenarioProps = { readonly setup: EpisodeInput; readonly onBegin: (setup: EpisodeInput) => void };

export function OwnScenario({ setup, onBegin }: OwnScenarioProps) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState('');
  const open = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setText(await file.text());
    setProblem('');
  };
  const play = (): void => {
    let scenario: unknown;
    try {
      scenario = parseJson(text);
    } catch (error) {
      setProblem(`This is not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    setProblem('');
    const { task_id: _, ...rest } = setup;
    onBegin({ ...rest, scenario });
  };
  return (
    <details class="own-scenario">
      <summary>A custom scenario</summary>
      <div class="own-grid">
        <div>
          <label for="own-text">Scenario document (JSON, as docs/SCENARIOS.md describes it)</label>
          <textarea
            id="own-text"
            rows={8}
            spellcheck={false}
            value={text}
            aria-describedby="own-problem"
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </div>
        <div class="row">
          <label for="own-file">or a file</label>
          <input
            id="own-file"
            type="file"
            accept=".json,application/json"
            onChange={({ currentTarget }) => open(currentTarget.files?.[0])}
          />
          <button type="button" class="primary" aria-disabled={text.trim() === ''} onClick={play}>
            Play this scenario
          </button>
        </div>
        <p id="own-problem" class="bad-text" aria-live="polite">
          {problem}
        </p>
      </div>
    </details>
  );
}
