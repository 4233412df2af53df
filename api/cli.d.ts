// The public API of @streamflow/cli. Written by pnpm api:update.
