// A virtual disk with files in it, which counts what is open and what is read.
import type { Disk, DiskFile, Environment } from "@streamflow/core";
import { testEnvironment, VirtualDisk, type DiskOperation } from "@streamflow/core/testing";

/** A disk under test and its environment. */
export class TestFiles {
  openFiles = 0;
  bytesRead = 0;
  readonly environment: Environment;
  readonly #disk: VirtualDisk;

  constructor(beforeOperation?: (operation: DiskOperation, path: string) => void) {
    this.#disk = new VirtualDisk(beforeOperation === undefined ? {} : { beforeOperation });
    this.environment = { ...testEnvironment({ disk: this.#disk }).environment, disk: this.#counting() };
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    const file = await this.#disk.openWrite(path);
    await file.truncate(0);
    await file.write(typeof content === "string" ? Buffer.from(content) : content);
    await file.close();
  }

  makeFolder(path: string): Promise<void> {
    return this.#disk.makeFolder(path);
  }

  #counting(): Disk {
    const disk = this.#disk;
    return new Proxy(disk, {
      get: (target, name) => {
        if (name === "openRead") return async (path: string) => this.#opened(await disk.openRead(path));
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? (member as (...all: unknown[]) => unknown).bind(target) : member;
      },
    });
  }

  #opened(file: DiskFile): DiskFile {
    this.openFiles++;
    return {
      read: async (target, offset, length, position) => {
        const count = await file.read(target, offset, length, position);
        this.bytesRead += count;
        return count;
      },
      readNow: (target, offset, length, position) => {
        const count = file.readNow?.(target, offset, length, position);
        this.bytesRead += count ?? 0;
        return count;
      },
      write: (bytes, position) => file.write(bytes, position),
      sync: () => file.sync(),
      truncate: (size) => file.truncate(size),
      size: () => file.size(),
      close: async () => {
        this.openFiles--;
        await file.close();
      },
    };
  }
}
