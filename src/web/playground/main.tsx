/** Entry point of the playground, in which a person plays one episode. */
import '../shared/style.css';
import './playground.css';
import { render } from 'preact';
import { PageFrame } from '../shared/frame.tsx';
import { PageNav, Playground } from './playground.tsx';

const root = document.getElementById('app');
if (root !== null) {
  render(
    <PageFrame page="playground" foot={<PageNav />}>
      <Playground />
    </PageFrame>,
    root,
  );
}
