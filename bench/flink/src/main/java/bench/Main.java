package bench;

import java.io.File;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * The jobs on DataStream, in one process: object reuse, state on the heap, no checkpoints, Jackson into objects, tuples in front of keys, 5 s out of order.
 * JOB INPUT OUTPUT_FOLDER PARALLELISM
 */
public class Main {
  private static final long LEAST_PRICE = 10_000;
  private static final long GAP_MS = 10_000;
  private static final TypeInformation<Tuple2<Long, Long>> TOTAL = TypeInformation.of(new TypeHint<>() {});

  /** Count and sum of the second field. */
  static class Totals<K> implements AggregateFunction<Tuple3<K, Long, Long>, Tuple2<Long, Long>, Tuple2<Long, Long>> {
    @Override
    public Tuple2<Long, Long> createAccumulator() {
      return Tuple2.of(0L, 0L);
    }

    @Override
    public Tuple2<Long, Long> add(Tuple3<K, Long, Long> value, Tuple2<Long, Long> total) {
      total.f0++;
      total.f1 += value.f1;
      return total;
    }

    @Override
    public Tuple2<Long, Long> getResult(Tuple2<Long, Long> total) {
      return total;
    }

    @Override
    public Tuple2<Long, Long> merge(Tuple2<Long, Long> a, Tuple2<Long, Long> b) {
      a.f0 += b.f0;
      a.f1 += b.f1;
      return a;
    }
  }

  static class Count implements AggregateFunction<Tuple2<Long, Long>, Long, Long> {
    @Override
    public Long createAccumulator() {
      return 0L;
    }

    @Override
    public Long add(Tuple2<Long, Long> value, Long count) {
      return count + 1;
    }

    @Override
    public Long getResult(Long count) {
      return count;
    }

    @Override
    public Long merge(Long a, Long b) {
      return a + b;
    }
  }

  static class TotalRow<K> extends ProcessWindowFunction<Tuple2<Long, Long>, Tuple4<K, Long, Long, Long>, K, TimeWindow> {
    @Override
    public void process(K key, Context context, Iterable<Tuple2<Long, Long>> totals, Collector<Tuple4<K, Long, Long, Long>> out) {
      Tuple2<Long, Long> total = totals.iterator().next();
      out.collect(Tuple4.of(key, context.window().getStart(), total.f0, total.f1));
    }
  }

  public static void main(String[] arguments) throws Exception {
    String job = arguments[0];
    int parallelism = Integer.parseInt(arguments[3]);
    Configuration configuration = new Configuration();
    configuration.setString("pipeline.object-reuse", "true");
    configuration.setString("pipeline.generic-types", "false");
    configuration.setString("state.backend.type", "hashmap");
    configuration.setString("taskmanager.numberOfTaskSlots", String.valueOf(parallelism));
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(parallelism, configuration);
    FileSource<Bid> source = FileSource.forRecordStreamFormat(new BidFormat(), Path.fromLocalFile(new File(arguments[1]))).build();
    WatermarkStrategy<Bid> times = WatermarkStrategy.<Bid>forBoundedOutOfOrderness(Duration.ofSeconds(5)).withTimestampAssigner((bid, before) -> bid.dateTime);
    DataStream<Bid> bids = environment.fromSource(source, job.equals("stateless") ? WatermarkStrategy.noWatermarks() : times, "bids");
    Path output = Path.fromLocalFile(new File(arguments[2]));
    switch (job) {
      case "stateless" -> stateless(bids, output);
      case "tumbling" -> byAuction(bids, output);
      case "channel" -> byChannel(bids, output);
      case "sliding" -> sliding(bids, output);
      case "session" -> sessions(bids, output);
      default -> throw new IllegalArgumentException(job);
    }
    environment.execute(job);
  }

  private static void stateless(DataStream<Bid> bids, Path output) {
    bids.filter(bid -> bid.price >= LEAST_PRICE).sinkTo(FileSink.forBulkFormat(output, new Lines<Bid>((bid, json) -> {
      json.writeNumberField("auction", bid.auction);
      json.writeNumberField("price", bid.price * 2);
      json.writeStringField("channel", bid.channel);
      json.writeNumberField("dateTime", bid.dateTime);
    })).build());
  }

  private static void byAuction(DataStream<Bid> bids, Path output) {
    bids.filter(bid -> bid.price >= LEAST_PRICE)
        .map(bid -> Tuple3.of(bid.auction, bid.price, bid.dateTime)).returns(TypeInformation.of(new TypeHint<Tuple3<Long, Long, Long>>() {}))
        .keyBy(bid -> bid.f0)
        .window(TumblingEventTimeWindows.of(Duration.ofSeconds(10)))
        .aggregate(new Totals<>(), new TotalRow<>(), TOTAL, TOTAL, TypeInformation.of(new TypeHint<Tuple4<Long, Long, Long, Long>>() {}))
        .sinkTo(FileSink.forBulkFormat(output, new Lines<Tuple4<Long, Long, Long, Long>>((row, json) -> {
          json.writeNumberField("auction", row.f0);
          json.writeNumberField("windowStart", row.f1);
          json.writeNumberField("count", row.f2);
          json.writeNumberField("sum", row.f3);
        })).build());
  }

  private static void byChannel(DataStream<Bid> bids, Path output) {
    KeySelector<Tuple3<String, Long, Long>, String> channel = bid -> bid.f0;
    bids.filter(bid -> bid.price >= LEAST_PRICE)
        .map(bid -> Tuple3.of(bid.channel, bid.price, bid.dateTime)).returns(TypeInformation.of(new TypeHint<Tuple3<String, Long, Long>>() {}))
        .keyBy(channel)
        .window(TumblingEventTimeWindows.of(Duration.ofSeconds(10)))
        .aggregate(new Totals<>(), new TotalRow<>(), TOTAL, TOTAL, TypeInformation.of(new TypeHint<Tuple4<String, Long, Long, Long>>() {}))
        .sinkTo(FileSink.forBulkFormat(output, new Lines<Tuple4<String, Long, Long, Long>>((row, json) -> {
          json.writeStringField("channel", row.f0);
          json.writeNumberField("windowStart", row.f1);
          json.writeNumberField("count", row.f2);
          json.writeNumberField("sum", row.f3);
        })).build());
  }

  private static void sliding(DataStream<Bid> bids, Path output) {
    bids.map(bid -> Tuple2.of(bid.auction, bid.dateTime)).returns(TypeInformation.of(new TypeHint<Tuple2<Long, Long>>() {}))
        .keyBy(bid -> bid.f0)
        .window(SlidingEventTimeWindows.of(Duration.ofSeconds(10), Duration.ofSeconds(2)))
        .aggregate(new Count(), new ProcessWindowFunction<Long, Tuple3<Long, Long, Long>, Long, TimeWindow>() {
          @Override
          public void process(Long key, Context context, Iterable<Long> counts, Collector<Tuple3<Long, Long, Long>> out) {
            out.collect(Tuple3.of(key, context.window().getStart(), counts.iterator().next()));
          }
        }).returns(TypeInformation.of(new TypeHint<Tuple3<Long, Long, Long>>() {}))
        .sinkTo(FileSink.forBulkFormat(output, new Lines<Tuple3<Long, Long, Long>>((row, json) -> {
          json.writeNumberField("auction", row.f0);
          json.writeNumberField("windowStart", row.f1);
          json.writeNumberField("count", row.f2);
        })).build());
  }

  private static void sessions(DataStream<Bid> bids, Path output) {
    bids.map(bid -> Tuple2.of(bid.bidder, bid.dateTime)).returns(TypeInformation.of(new TypeHint<Tuple2<Long, Long>>() {}))
        .keyBy(bid -> bid.f0)
        .window(EventTimeSessionWindows.withGap(Duration.ofMillis(GAP_MS)))
        .aggregate(new Count(), new ProcessWindowFunction<Long, Tuple4<Long, Long, Long, Long>, Long, TimeWindow>() {
          @Override
          public void process(Long key, Context context, Iterable<Long> counts, Collector<Tuple4<Long, Long, Long, Long>> out) {
            out.collect(Tuple4.of(key, context.window().getStart(), context.window().getEnd() - GAP_MS, counts.iterator().next()));
          }
        }).returns(TypeInformation.of(new TypeHint<Tuple4<Long, Long, Long, Long>>() {}))
        .sinkTo(FileSink.forBulkFormat(output, new Lines<Tuple4<Long, Long, Long, Long>>((row, json) -> {
          json.writeNumberField("bidder", row.f0);
          json.writeNumberField("start", row.f1);
          json.writeNumberField("end", row.f2);
          json.writeNumberField("count", row.f3);
        })).build());
  }
}
