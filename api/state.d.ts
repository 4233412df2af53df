// The public API of @streamflow/state. Written by pnpm api:update.
