// The public API of @streamflow/core/node. Written by pnpm api:update.
