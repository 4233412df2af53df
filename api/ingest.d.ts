// The public API of @streamflow/ingest. Written by pnpm api:update.
