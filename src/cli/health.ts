/** The health check of the image: exit code 0 if the server says that it is healthy, else 1. */
import { readAddress } from './served-at.ts';

const { ok } = await fetch(`${readAddress()}/health`).catch(() => ({ ok: false }));
process.exit(ok ? 0 : 1);
