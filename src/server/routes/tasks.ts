import type { App, Context } from '../app.ts';

export async function addTaskApi(_app: App, _context: Context): Promise<void> {}
