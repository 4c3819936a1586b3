import type { App, Context } from '../app.ts';

export async function addBatchApi(_app: App, _context: Context): Promise<void> {}
