import type { App, Context } from '../app.ts';

export async function addMcp(_app: App, _context: Context): Promise<void> {}
