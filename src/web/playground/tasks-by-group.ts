/** Groups the tasks for the picker. Pure. */
import type { TaskOption } from '../../server/web/api.ts';

export type TaskGroup = { readonly title: string; readonly tasks: readonly TaskOption[] };

/** Variants of one scenario are grouped under its name, all other tasks under their difficulty; in their original order. */
export function groupTasks(tasks: readonly TaskOption[]): TaskGroup[] {
  const sizes = new Map<string, number>();
  for (const { group } of tasks) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const groups = new Map<string, TaskOption[]>();
  for (const task of tasks) {
    const title = (sizes.get(task.group) ?? 0) > 1 ? task.group : task.difficulty;
    const known = groups.get(title);
    if (known === undefined) groups.set(title, [task]);
    else known.push(task);
  }
  return [...groups].map(([title, members]) => ({ title, tasks: members }));
}
