// The public API of @streamflow/runner. Written by pnpm api:update.
