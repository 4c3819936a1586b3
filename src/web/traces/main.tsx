/** The trace viewer: what was played in a rollout. */
import '../shared/style.css';
import { render } from 'preact';
import { Frame } from '../shared/frame.tsx';

const root = document.getElementById('app');
if (root !== null) render(<Frame page="traces">…</Frame>, root);
