// The public API of @streamflow/sink. Written by pnpm api:update.
