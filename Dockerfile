# Build with every dependency, run with those of production only. Node 24 is the current LTS line.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package needs its install script; the own build comes below, so that a change in src does not install again.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json vite.config.ts vite.charts.config.ts ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="ghostexec" \
      org.opencontainers.image.description="A chief of staff's messy day as an OpenEnv environment for language-model agents" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="BSD-3-Clause"
ENV NODE_ENV=production GHOSTEXEC_HOST=0.0.0.0 GHOSTEXEC_ADDRESS_FILE=/tmp/ghostexec-address
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json openenv.yaml README.md LICENSE ./
# With the oracle files: a grade is measured against the value of the best plan known.
COPY scenarios ./scenarios
COPY validation ./validation
RUN mkdir runs && chown 1000:1000 runs
USER 1000:1000
EXPOSE 8000
# It asks the address that serve wrote down, which a flag or a variable may have chosen.
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "dist/cli/health.js"]
# As process 1, node gets signals itself: every command has handlers for them. `docker run IMAGE rollout ...` plays another command; serve reads PORT.
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["serve"]
