import type { App, Context } from '../app.ts';

export async function addMetrics(_app: App, _context: Context): Promise<void> {}
