/** Entry point of the playground, in which a person plays one episode. */
import '../shared/style.css';
import './playground.css';
import { render } from 'preact';
import { Frame } from '../shared/frame.tsx';
import { PageNav, Playground } from './playground.tsx';

const root = document.getElementById('app');
if (root !== null) {
  render(
    <Frame page="playground" foot={<PageNav />}>
      <Playground />
    </Frame>,
    root,
  );
}
