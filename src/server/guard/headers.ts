/** Security headers of every answer. A route may override them. */
import helmet from '@fastify/helmet';
import type { App } from '../app.ts';

/** Origins that may show the pages in a frame: Hugging Face shows a Space in one. X-Frame-Options cannot list origins. */
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
    // The server speaks plain HTTP. Only the proxy before it knows whether clients use HTTPS.
    strictTransportSecurity: false,
    // Answers are data. The remaining headers concern only documents or obsolete browsers.
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
}
