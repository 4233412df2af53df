// The program that the suite of threads starts.
import type { ThreadContext } from "../../contracts/thread-program.ts";
import { StreamFlowError } from "../../errors.ts";

interface Order {
  readonly echo?: unknown;
  readonly throw?: string;
  readonly stat?: string;
  readonly add?: Int32Array;
}

/** Does what messages say. */
export function run(context: ThreadContext): void {
  const { disk } = context;
  context.listen((message) => {
    const order = message as Order;
    if (order.throw !== undefined) throw new StreamFlowError("SF_STAGE_FAILED", order.throw);
    if (order.stat !== undefined) void disk.stat(order.stat).then((stat) => context.post({ kind: stat?.kind }));
    if (order.add !== undefined) {
      order.add[0]!++;
      context.post("added");
    }
    if ("echo" in order) context.post(order.echo);
  });
}
