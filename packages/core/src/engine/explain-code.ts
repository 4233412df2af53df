// What a plan runs as: the functions that its tasks are fused into, as text for people.
import type { Cursor, FunctionTable } from "../contracts/operator.ts";
import { mayGenerateCode } from "../plan/code-generation.ts";
import type { PhysicalNode, PhysicalPlan } from "../plan/physical-plan.ts";
import type { InputForm } from "./fuse.ts";
import { ProcessingTimers } from "./processing-timers.ts";
import { quietClock, quietLogger, quietRandom, quietStages } from "./quiet.ts";
import { Wiring } from "./wiring.ts";

/**
 * The generated function of each source's task, indented. Opens nothing. A source with a schema is shown as it reads columns, another as it reads rows.
 *
 * Names that begin with `$` are bound from outside: functions of the user, state, gates of event time.
 */
export function explainCode(plan: PhysicalPlan, functions: FunctionTable): string {
  if (!mayGenerateCode()) return "// This process may not generate code from strings: stages run as closures.\n";
  return plan.nodes.filter(({ node }) => node.kind === "source").map((entry) => sourceCode(plan, entry, functions)).join("\n");
}

function sourceCode(plan: PhysicalPlan, { node }: PhysicalNode, functions: FunctionTable): string {
  const cursor: Cursor = { timestampMs: NaN, key: undefined, change: 0, index: -1 };
  const abort = new AbortController();
  const wiring = new Wiring(plan, {
    cursor, clock: quietClock, random: quietRandom, logger: quietLogger, signal: abort.signal, functions,
    asyncStages: quietStages(cursor, abort.signal), processingTimers: new ProcessingTimers(), reject: () => undefined,
  }, { sink: () => () => undefined, late: () => undefined });
  const { task } = wiring.buildPartition(node.id, "0");
  const source = task.parts.fused.source(formOf(node.source?.schema));
  wiring.releasePartition(task, quietLogger);
  abort.abort();
  const title = `// From source ${JSON.stringify(node.id)}`;
  return source === undefined ? `${title}: no stage writes code; closures are called.\n` : `${title}:\n${indented(source.text)}\n`;
}

function formOf(schema: { readonly type: string; readonly fields?: readonly { readonly name: string }[] } | undefined): InputForm {
  const columns = schema?.type === "struct" ? schema.fields?.map(({ name }) => ({ name, mayBeNull: false })) : undefined;
  return { columns, hasTimestamps: false, hasChanges: false, hasKeys: false };
}

/** The lines of the text, indented by braces. */
function indented(text: string): string {
  let depth = 0;
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "").map((line) => {
    const closing = /^\}*/.exec(line)?.[0].length ?? 0;
    const shown = `${"  ".repeat(Math.max(0, depth - closing))}${line}`;
    depth += braceBalance(line);
    return shown;
  }).join("\n");
}

/** Braces of texts do not count. */
function braceBalance(line: string): number {
  const bare = line.replaceAll(/"(?:[^"\\]|\\.)*"/g, "");
  return (bare.match(/\{/g)?.length ?? 0) - (bare.match(/\}/g)?.length ?? 0);
}
