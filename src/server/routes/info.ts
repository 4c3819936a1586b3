import type { App, Context } from '../app.ts';

export async function addInfo(_app: App, _context: Context): Promise<void> {}
