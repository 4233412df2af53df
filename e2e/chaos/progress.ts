// The progress of a run: one line that is written over on a terminal, a line now and then elsewhere.

const everyKills = 25;

/** Makes what is called at each kill. */
export function progressOf(kills: number, stream: NodeJS.WriteStream = process.stderr): () => void {
  let done = 0;
  return () => {
    done++;
    if (stream.isTTY) stream.write(`\r${done} of ${kills} kills${done === kills ? "\n" : ""}`);
    else if (done % everyKills === 0) stream.write(`${done} of ${kills} kills\n`);
  };
}
