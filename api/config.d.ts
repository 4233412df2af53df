// The public API of @streamflow/config. Written by pnpm api:update.
