/** The playground, in which a person plays one episode: what to play, problems, and the episode. */

import { useLayoutEffect } from 'preact/hooks';
import type { Scene } from '../../analysis/replay.ts';
import { fixed, plural, signed } from '../../lib/text.ts';
import { actionWords } from '../panels/action.tsx';
import { type Changes, compareScenes, sentence } from '../panels/changes.ts';
import { Complaint, showPage } from '../shared/frame.tsx';
import './playground.css';
import { Picker } from './picker.tsx';
import { PlaygroundStage } from './stage.tsx';
import type { PlaygroundMessage } from './state.ts';
import { beforeOf, currentNode, type Tree } from './tree.ts';
import { usePlayground } from './use-playground.ts';

// Tells a screen reader what happened: the step, its reward and the changes.

/** Maximum number of changes that are read out; the others are counted. */
const MOST = 8;

function Announcer({ tree, notice }: { tree: Tree | undefined; notice: string }) {
  const scene = tree === undefined ? undefined : currentNode(tree).scene;
  const text = tree === undefined || scene === undefined ? '' : describe(scene, compareScenes(beforeOf(tree), scene));
  return (
    <div class="sr-only" aria-live="polite" role="status">
      {notice === '' ? text : notice}
    </div>
  );
}

function describe(scene: Scene, changes: Changes): string {
  const sentences = changes.all.slice(0, MOST).map(sentence);
  if (changes.all.length > MOST) sentences.push(`and ${plural(changes.all.length - MOST, 'more change')}`);
  const how = scene.step_ok ? '' : `, invalid: ${scene.error ?? ''}`;
  const pay = scene.step === 0 ? '' : `, reward ${signed(scene.reward)}`;
  const end = scene.terminated || scene.truncated ? ' The episode is over.' : '';
  const grade = scene.grade === null ? '' : ` Grade ${fixed(scene.grade.grade)}.`;
  return `Step ${scene.step}: ${actionWords(scene)}${how}${pay}.${end}${grade} ${sentences.join('. ')}`;
}

/** Links to the columns on narrow screens, where the columns are below each other. */
const COLUMNS = [
  { id: 'column-briefing', title: 'Briefing' },
  { id: 'column-world', title: 'World' },
  { id: 'column-play', title: 'Play' },
] as const;

function PageNav() {
  return (
    <nav class="page-nav" aria-label="Parts of the page">
      {COLUMNS.map(({ id, title }) => (
        <button key={id} type="button" onClick={() => document.getElementById(id)?.scrollIntoView({ block: 'start' })}>
          {title}
        </button>
      ))}
    </nav>
  );
}

function Playground() {
  const { state, dispatch, playing } = usePlayground();
  const { options, episode, tree, trouble, busy, setup, notice } = state;
  useUndoKeys(dispatch);
  return (
    <div class="playground">
      <h1 class="sr-only">Playground</h1>
      {options !== undefined && (
        <Picker
          options={options}
          setup={setup}
          playing={episode}
          onSetup={(next) => dispatch({ type: 'set', change: { setup: next } })}
          onBegin={playing.begin}
        />
      )}
      {trouble !== undefined && (
        <Complaint error={trouble} onClose={() => dispatch({ type: 'set', change: { trouble: undefined } })} />
      )}
      <Announcer tree={tree} notice={notice} />
      {tree === undefined || episode === undefined ? (
        <p class="waiting muted">{busy === undefined ? '' : `${busy} …`}</p>
      ) : (
        <PlaygroundStage tree={tree} episode={episode} state={state} dispatch={dispatch} playing={playing} />
      )}
    </div>
  );
}

/** Ctrl+Z and Ctrl+Shift+Z, except while the person types into a field, which has its own undo. */
function useUndoKeys(dispatch: (message: PlaygroundMessage) => void): void {
  useLayoutEffect(() => {
    const undo = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof Element && event.target.matches('input, textarea, select');
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z' || isTyping) return;
      event.preventDefault();
      dispatch({ type: event.shiftKey ? 'redo' : 'undo' });
    };
    document.addEventListener('keydown', undo);
    return () => document.removeEventListener('keydown', undo);
  }, [dispatch]);
}

showPage({ page: 'playground', children: <Playground />, foot: <PageNav /> });
