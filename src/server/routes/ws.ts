import type { App, Context } from '../app.ts';

export async function addWebSockets(_app: App, _context: Context): Promise<void> {}
