import fc from "fast-check";
import { expect, it } from "vitest";
import { TimerQueue } from "./timer-queue.ts";

it("takes timers by due time, ties by order of adding, without the cancelled ones (property)", () => {
  const command = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), dueMs: fc.nat(20) }),
    fc.record({ kind: fc.constant("cancel" as const), which: fc.nat(30) }),
    fc.record({ kind: fc.constant("take" as const), nowMs: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const queue = new TimerQueue();
      const cancels: (() => void)[] = [];
      let model: { readonly id: number; readonly dueMs: number }[] = [];
      let taken = -1;
      for (const step of commands) {
        if (step.kind === "add") {
          const id = cancels.length;
          cancels.push(queue.add(step.dueMs, () => void (taken = id)));
          model.push({ id, dueMs: step.dueMs });
        } else if (step.kind === "cancel") {
          cancels[step.which]?.();
          model = model.filter(({ id }) => id !== step.which);
        } else {
          const first = [...model].sort((a, b) => a.dueMs - b.dueMs || a.id - b.id)[0];
          const due = first !== undefined && first.dueMs <= step.nowMs ? first : undefined;
          taken = -1;
          queue.take(step.nowMs)?.();
          expect(taken).toBe(due?.id ?? -1);
          model = model.filter((one) => one !== due);
        }
        expect(queue.size).toBe(model.length);
        expect(queue.nextDueMs).toBe(model.length === 0 ? undefined : Math.min(...model.map(({ dueMs }) => dueMs)));
      }
    }),
  );
});
