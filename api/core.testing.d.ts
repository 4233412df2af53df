// The public API of @streamflow/core/testing. Written by pnpm api:update.
