package bench;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.jet.aggregate.AggregateOperation;
import com.hazelcast.jet.aggregate.AggregateOperation1;
import com.hazelcast.jet.aggregate.AggregateOperations;
import com.hazelcast.jet.config.JobConfig;
import com.hazelcast.jet.pipeline.BatchSource;
import com.hazelcast.jet.pipeline.BatchStage;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sink;
import com.hazelcast.jet.pipeline.SinkBuilder;
import com.hazelcast.jet.pipeline.SourceBuilder;
import com.hazelcast.jet.pipeline.StreamStage;
import com.hazelcast.jet.pipeline.WindowDefinition;
import java.io.BufferedInputStream;
import java.io.BufferedWriter;
import java.io.FileInputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The jobs on Jet, one embedded member: no processing guarantee, Jackson into objects, 5 s out of order. At the end of the input every open window is emitted.
 * JOB INPUT OUTPUT_FOLDER THREADS
 */
public class Main {
  private static final long LEAST_PRICE = 10_000;
  private static final long GAP_MS = 10_000;
  private static final long LAG_MS = 5_000;
  private static final int BATCH = 1_024;

  @JsonIgnoreProperties(ignoreUnknown = true)
  public static class Bid implements Serializable {
    public long auction;
    public long bidder;
    public long price;
    public long dateTime;
    public String channel;
  }

  static class Reader {
    private final MappingIterator<Bid> bids;

    Reader(String file) throws Exception {
      bids = new ObjectMapper().readerFor(Bid.class).readValues(new BufferedInputStream(new FileInputStream(file), 1 << 20));
    }

    void fill(SourceBuilder.SourceBuffer<Bid> buffer) throws Exception {
      for (int i = 0; i < BATCH; i++) {
        if (!bids.hasNextValue()) {
          bids.close();
          buffer.close();
          return;
        }
        buffer.add(bids.nextValue());
      }
    }
  }

  static class Total implements Serializable {
    long count;
    long sum;
  }

  private static AggregateOperation1<Bid, Total, Total> totals() {
    return AggregateOperation.withCreate(Total::new)
        .andAccumulate((Total total, Bid bid) -> {
          total.count++;
          total.sum += bid.price;
        })
        .andCombine((a, b) -> {
          a.count += b.count;
          a.sum += b.sum;
        })
        .andExportFinish(total -> {
          Total copy = new Total();
          copy.count = total.count;
          copy.sum = total.sum;
          return copy;
        });
  }

  public static void main(String[] arguments) throws Exception {
    String job = arguments[0];
    String input = arguments[1];
    int threads = Integer.parseInt(arguments[3]);
    HazelcastInstance member = Hazelcast.newHazelcastInstance(configuration(threads));
    Pipeline pipeline = Pipeline.create();
    BatchSource<Bid> source = SourceBuilder.batch("bids", context -> new Reader(input)).fillBufferFn(Reader::fill).build();
    BatchStage<Bid> bids = pipeline.readFrom(source);
    Sink<String> sink = sink(arguments[2], threads);
    if (job.equals("stateless")) {
      bids.filter(bid -> bid.price >= LEAST_PRICE)
          .map(bid -> "{\"auction\":" + bid.auction + ",\"price\":" + bid.price * 2 + ",\"channel\":\"" + bid.channel + "\",\"dateTime\":" + bid.dateTime + "}")
          .writeTo(sink);
    } else {
      windows(job, bids.addTimestamps(bid -> bid.dateTime, LAG_MS)).writeTo(sink);
    }
    member.getJet().newJob(pipeline, new JobConfig().setName(job)).join();
    Hazelcast.shutdownAll();
  }

  private static StreamStage<String> windows(String job, StreamStage<Bid> bids) {
    return switch (job) {
      case "tumbling" -> bids.filter(bid -> bid.price >= LEAST_PRICE).groupingKey(bid -> bid.auction).window(WindowDefinition.tumbling(10_000)).aggregate(totals())
          .map(row -> "{\"auction\":" + row.key() + ",\"windowStart\":" + row.start() + ",\"count\":" + row.result().count + ",\"sum\":" + row.result().sum + "}");
      case "channel" -> bids.filter(bid -> bid.price >= LEAST_PRICE).groupingKey(bid -> bid.channel).window(WindowDefinition.tumbling(10_000)).aggregate(totals())
          .map(row -> "{\"channel\":\"" + row.key() + "\",\"windowStart\":" + row.start() + ",\"count\":" + row.result().count + ",\"sum\":" + row.result().sum + "}");
      case "sliding" -> bids.groupingKey(bid -> bid.auction).window(WindowDefinition.sliding(10_000, 2_000)).aggregate(AggregateOperations.counting())
          .map(row -> "{\"auction\":" + row.key() + ",\"windowStart\":" + row.start() + ",\"count\":" + row.result() + "}");
      case "session" -> bids.groupingKey(bid -> bid.bidder).window(WindowDefinition.session(GAP_MS)).aggregate(AggregateOperations.counting())
          .map(row -> "{\"bidder\":" + row.key() + ",\"start\":" + row.start() + ",\"end\":" + (row.end() - GAP_MS) + ",\"count\":" + row.result() + "}");
      default -> throw new IllegalArgumentException(job);
    };
  }

  private static Config configuration(int threads) {
    Config configuration = new Config();
    configuration.getJetConfig().setEnabled(true).setCooperativeThreadCount(threads);
    configuration.setProperty("hazelcast.phone.home.enabled", "false");
    configuration.setProperty("hazelcast.logging.type", "none");
    // It listens to nobody else.
    configuration.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
    configuration.getNetworkConfig().getJoin().getAutoDetectionConfig().setEnabled(false);
    configuration.getNetworkConfig().getJoin().getMulticastConfig().setEnabled(false);
    configuration.getNetworkConfig().getJoin().getTcpIpConfig().setEnabled(false);
    return configuration;
  }

  private static Sink<String> sink(String folder, int threads) throws Exception {
    Files.createDirectories(Path.of(folder));
    return SinkBuilder.sinkBuilder("lines", context -> Files.newBufferedWriter(Path.of(folder, "part-" + context.globalProcessorIndex())))
        .receiveFn((BufferedWriter writer, String line) -> {
          writer.write(line);
          writer.write('\n');
        })
        .flushFn(BufferedWriter::flush)
        .destroyFn(BufferedWriter::close)
        .preferredLocalParallelism(threads)
        .build();
  }
}
