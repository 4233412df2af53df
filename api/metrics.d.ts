// The public API of @streamflow/metrics. Written by pnpm api:update.
