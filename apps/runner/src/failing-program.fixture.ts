// A program that runs another one, named behind `#`, until the fifth range that it is told to read.
import { StreamFlowError, type ThreadContext, type ThreadProgram } from "@streamflow/core";

const { run: real } = (await import(import.meta.url.slice(import.meta.url.indexOf("#") + 1))) as { readonly run: ThreadProgram };

export function run(context: ThreadContext): void {
  let ranges = 0;
  real({
    disk: context.disk,
    post: (message) => context.post(message),
    listen: (handle) => context.listen((message) => {
      if ((message as { readonly kind: string }).kind === "range" && ++ranges === 5) throw new StreamFlowError("EXT_MEMORY", "no memory is left in this thread");
      handle(message);
    }),
  });
}
