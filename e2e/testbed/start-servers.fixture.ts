// Run by testbed.test.ts as a process of its own, and killed there.
import { services } from "./index.ts";

const servers = await Promise.all(services.map((service) => service.start()));
process.stdout.write(`${JSON.stringify({ ports: servers.map(({ port }) => port), folders: servers.map(({ folder }) => folder) })}\n`);
