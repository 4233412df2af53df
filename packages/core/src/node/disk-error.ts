// What the operating system's refusals mean to a pipeline.
import type { ErrorCode } from "../error-codes.ts";
import { StreamFlowError } from "../errors.ts";

/** Why a file operation failed, for programs: `context.reason`. */
export type DiskFailure = "missing" | "exists" | "other";

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: "SF_DISK_FULL",
  EDQUOT: "SF_DISK_FULL",
  EACCES: "SF_DISK_READ_ONLY",
  EPERM: "SF_DISK_READ_ONLY",
  EROFS: "SF_DISK_READ_ONLY",
};

// ENOTDIR: a parent of the path is a file, so nothing can be there.
const reasons: Readonly<Record<string, DiskFailure>> = { ENOENT: "missing", ENOTDIR: "missing", EEXIST: "exists" };

/** The system's code of a failed call, such as "ENOENT". */
export function systemCode(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** Whether the call failed because the file is not there. */
export function isMissing(thrown: unknown): boolean {
  return reasons[systemCode(thrown) ?? ""] === "missing";
}

/** Turns a failed file operation into the error of DSK-3 to DSK-5. */
export function diskError(thrown: unknown, operation: string, path: string): StreamFlowError {
  if (StreamFlowError.is(thrown)) return thrown;
  const system = systemCode(thrown) ?? "";
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new StreamFlowError(codes[system] ?? "SF_DISK_FAILED", `cannot ${operation} "${path}": ${message}`, {
    cause: thrown,
    context: { path, operation, reason: reasons[system] ?? "other" },
  });
}
