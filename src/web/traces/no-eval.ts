/** To be imported before any schema: zod would try to make code at run time, which the page's policy forbids and reports. */
import { config } from 'zod';

config({ jitless: true });
