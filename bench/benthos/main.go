// A job in Benthos, the engine of Redpanda Connect, with its pure components only: JOB INPUT OUTPUT THREADS
// The stateless job alone: its windows follow the system clock, and a replay of events falls outside of them.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
)

// Batches at the input, one write for each: what its documents advise for throughput.
const pipeline = `
logger: { level: ERROR }
input:
  broker:
    inputs:
      - file: { paths: [ %q ], scanner: { lines: {} } }
    batching: { count: 1000 }
pipeline:
  threads: %d
  processors:
    - mapping: |
        root = if this.price < 10000 { deleted() } else { {"auction": this.auction, "price": this.price * 2, "channel": this.channel, "dateTime": this.dateTime} }
    - archive: { format: lines }
output:
  file: { path: %q, codec: lines }
`

func main() {
	if len(os.Args) != 5 || os.Args[1] != "stateless" {
		fmt.Fprintln(os.Stderr, "usage: benthos stateless INPUT OUTPUT THREADS")
		os.Exit(2)
	}
	threads, err := strconv.Atoi(os.Args[4])
	check(err)
	runtime.GOMAXPROCS(threads)
	builder := service.NewStreamBuilder()
	check(builder.SetYAML(fmt.Sprintf(pipeline, os.Args[2], threads, os.Args[3])))
	stream, err := builder.Build()
	check(err)
	check(stream.Run(context.Background()))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
