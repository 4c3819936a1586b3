/** The tasks: open tasks by deadline, then finished ones. */
import type { WorldExport } from '../../world/export.ts';
import { minutesOf, when, words } from '../shared/format.ts';
import { Card } from '../shared/frame.tsx';
import { type PanelProps, Thing } from './thing.tsx';

type ShownTask = WorldExport['tasks'][number];

export function Tasks(panel: PanelProps) {
  const { tasks } = panel.scene.world;
  const order = (task: ShownTask): number => (task.status === 'done' ? 1e12 : 0) + (minutesOf(task.deadline) ?? 0);
  const open = tasks.filter(({ status }) => status !== 'done').length;
  return (
    <Card title="Tasks" note={`${open} open of ${tasks.length}`} class="tasks">
      {tasks.length === 0 && <p class="muted">No tasks.</p>}
      <ul class="things">
        {[...tasks]
          .sort((a, b) => order(a) - order(b))
          .map((task) => (
            <TaskItem key={task.id} task={task} panel={panel} />
          ))}
      </ul>
    </Card>
  );
}

function TaskItem({ task, panel }: { task: ShownTask; panel: PanelProps }) {
  const { id, description, deadline, owner, status, effort, priority, delegated_to: delegate, skill } = task;
  const { time } = panel.scene;
  const isDone = status === 'done';
  const isLate = !isDone && (minutesOf(deadline) ?? Infinity) < (minutesOf(time) ?? 0);
  const facts = [`owner ${owner}`, `${effort} effort`, skill === undefined ? '' : `needs ${skill}`];
  return (
    <Thing
      kind="task"
      id={id}
      panel={panel}
      class={`task priority-${priority ?? 'normal'}${isDone ? ' done' : ''}`}
      title={
        <>
          <span class="thing-line">
            <code>{id}</code>
            <span class={isLate ? 'due bad-text' : 'due'}>
              {isLate ? '⚠ overdue, was due' : 'due'} {when(deadline, time)}
            </span>
            {priority !== undefined && <span class={`badge ${priority}`}>{priority}</span>}
            <span class={`badge status-${status}`}>
              <span aria-hidden="true">{isDone ? '✓ ' : ''}</span>
              {words(status)}
            </span>
          </span>
          <span class="subject">{description}</span>
        </>
      }
    >
      <p class="small muted">
        {delegate !== null && <b class="with">with {delegate} · </b>}
        {facts.filter((fact) => fact !== '').join(' · ')}
      </p>
    </Thing>
  );
}
