// The public API of @streamflow/transform. Written by pnpm api:update.
