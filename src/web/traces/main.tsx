/** The trace viewer: shows the episodes of rollouts. */
import '../shared/style.css';
import './traces.css';
import { render } from 'preact';
import { PageFrame } from '../shared/frame.tsx';
import { Traces } from './traces.tsx';

const root = document.getElementById('app');
if (root !== null) {
  render(
    <PageFrame page="traces">
      <Traces />
    </PageFrame>,
    root,
  );
}
