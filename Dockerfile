# Build with every dependency, run with those of production only. Node 24 is the current LTS line.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm ci && npm prune --omit=dev

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json openenv.yaml ./
COPY scenarios ./scenarios
RUN mkdir runs && chown node:node runs
USER node
VOLUME /app/runs
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["rollout"]
