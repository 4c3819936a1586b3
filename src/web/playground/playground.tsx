/** The page: what to play, problems, and the episode. */
import { useLayoutEffect } from 'preact/hooks';
import { Announcer } from './announcer.tsx';
import { Picker } from './picker.tsx';
import { Stage } from './stage.tsx';
import type { Message } from './state.ts';
import { TroubleBox } from './trouble.tsx';
import { usePlayground } from './use-playground.ts';

export function Playground() {
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
          onSetup={(next) => dispatch({ type: 'setup', setup: next })}
          onBegin={playing.begin}
        />
      )}
      {trouble !== undefined && <TroubleBox trouble={trouble} onClose={() => dispatch({ type: 'dismiss' })} />}
      <Announcer tree={tree} notice={notice} />
      {tree === undefined || episode === undefined ? (
        <p class="waiting muted">{busy === undefined ? '' : `${busy} …`}</p>
      ) : (
        <Stage tree={tree} episode={episode} state={state} dispatch={dispatch} playing={playing} />
      )}
    </div>
  );
}

/** Ctrl+Z and Ctrl+Shift+Z, except while the person types into a field, which has its own undo. */
function useUndoKeys(dispatch: (message: Message) => void): void {
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
