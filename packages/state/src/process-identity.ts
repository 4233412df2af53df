// Who this process is, so that another one on the same machine can see that it died. Read from /proc through the Disk contract.
// An identity is `<place>/<pid>/<start>`: a process id alone is used again, and means nothing in another container or after a reboot.
import { checksumOf } from "@streamflow/core";
import type { Disk } from "@streamflow/core";

/** A process as leases remember it. */
export interface ProcessIdentity {
  /** Unique to a process and start. */
  readonly id: string;
  /** Whether the process of an identity still runs; undefined where that cannot be seen from here. */
  isAlive(id: string): Promise<boolean | undefined>;
}

/** Fields of /proc/<pid>/stat that matter here. */
interface ProcessStat {
  readonly pid: string;
  readonly state: string;
  /** Clock ticks from boot to the start of the process. */
  readonly start: string;
}

/**
 * Reads the identity of the calling process. Undefined where there is no /proc: leases then simply run out.
 * @see proc_pid_stat(5) of the Linux manual: fields 1 (pid), 3 (state), 22 (starttime)
 */
export async function identifyProcess(disk: Disk): Promise<ProcessIdentity | undefined> {
  const self = await readStat(disk, "self");
  // The boot, and the first process of this container: where two processes agree on both, they see each other's ids.
  const boot = await readText(disk, "/proc/sys/kernel/random/boot_id");
  const first = await readStat(disk, "1");
  if (self === undefined || boot === undefined || first === undefined) return undefined;
  const place = checksumOf(Buffer.from(`${boot.trim()} ${first.start}`));
  return {
    id: `${place}/${self.pid}/${self.start}`,
    async isAlive(id) {
      const [otherPlace, pid, start] = id.split("/");
      if (otherPlace !== place || pid === undefined || start === undefined || !/^\d+$/.test(pid)) return undefined;
      const found = await readStat(disk, pid);
      // Z and X: it has ended, and only waits for its parent to notice.
      return found !== undefined && found.start === start && found.state !== "Z" && found.state !== "X";
    },
  };
}

async function readStat(disk: Disk, pid: string): Promise<ProcessStat | undefined> {
  const text = await readText(disk, `/proc/${pid}/stat`);
  // The name of the program stands in parentheses and may hold anything, parentheses too.
  const nameEnd = text?.lastIndexOf(")") ?? -1;
  if (text === undefined || nameEnd < 0) return undefined;
  const fields = text.slice(nameEnd + 2).split(" ");
  const [state, start] = [fields[0], fields[19]];
  return state === undefined || start === undefined ? undefined : { pid: text.slice(0, text.indexOf(" ")), state, start };
}

/** Files in /proc report no size: read until nothing comes. Undefined for anything that cannot be read. */
async function readText(disk: Disk, path: string): Promise<string | undefined> {
  try {
    const file = await disk.openRead(path);
    try {
      const buffer = Buffer.alloc(4096);
      let length = 0;
      for (let count = -1; count !== 0 && length < buffer.length; length += count) count = await file.read(buffer, length, buffer.length - length, length);
      return buffer.toString("utf8", 0, length);
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}
