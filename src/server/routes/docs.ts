import type { App, Context } from '../app.ts';

export async function addDocs(_app: App, _context: Context): Promise<void> {}
