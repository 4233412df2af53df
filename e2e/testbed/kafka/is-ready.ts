// Whether a broker answers: it says which versions of requests it knows, which it tells anybody.
import { connect } from "node:net";

/** ApiVersions (18), version 0, correlation 7, no name of the client. */
const request = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff]);
const patienceMs = 1000;

export function answersApiVersions(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    const end = (isReady: boolean): void => {
      socket.destroy();
      resolve(isReady);
    };
    socket.once("data", (bytes) => end(bytes.length >= 10 && bytes.readInt32BE(4) === 7 && bytes.readInt16BE(8) === 0));
    socket.once("error", () => end(false));
    socket.setTimeout(patienceMs, () => end(false));
  });
}
