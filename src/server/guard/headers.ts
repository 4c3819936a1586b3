/** Security headers of every answer. A route that sets one of them itself wins. */
import helmet from '@fastify/helmet';
import type { App } from '../app.ts';

/** A Space is shown in a frame of these, which X-Frame-Options could not say. */
export const FRAMES = ["'self'", 'https://huggingface.co', 'https://*.hf.space'];

export async function addHeaders(app: App): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': FRAMES,
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: false,
    // The server speaks plain HTTP; whether there is HTTPS is known to the proxy before it.
    strictTransportSecurity: false,
    // Answers are data; what follows concerns browsers that are gone, or documents only.
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
}
