/** The trace viewer: shows the episodes of rollouts. */
import '../shared/style.css';
import './traces.css';
import { render } from 'preact';
import { Frame } from '../shared/frame.tsx';
import { Traces } from './traces.tsx';

const root = document.getElementById('app');
if (root !== null) {
  render(
    <Frame page="traces">
      <Traces />
    </Frame>,
    root,
  );
}
