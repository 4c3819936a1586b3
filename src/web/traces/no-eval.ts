/** Import this before any schema: otherwise zod tries to generate code, which the content security policy forbids and reports. */
import { config } from 'zod';

config({ jitless: true });
