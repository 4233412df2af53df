#!/usr/bin/env node
// The command. What V8 compiles for it is kept for the next one, where Node keeps such things (NODE_COMPILE_CACHE): so all of it is imported behind that.
import { enableCompileCache } from "node:module";

enableCompileCache();
const { runProcess } = await import("./process.ts");
await runProcess();
