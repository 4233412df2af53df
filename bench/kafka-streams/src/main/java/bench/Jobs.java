package bench;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.Stores;

/** The jobs as topologies: final results only, stores in memory, neither their logs nor caches; 5 s of grace. */
final class Jobs {
  private static final long LEAST_PRICE = 10_000;
  private static final Duration SIZE = Duration.ofSeconds(10);
  private static final Duration SLIDE = Duration.ofSeconds(2);
  private static final Duration GRACE = Duration.ofSeconds(5);
  /** Beyond the records that let the last windows close. */
  private static final Duration RETENTION = Duration.ofDays(1);

  /** Takes results. */
  interface Output {
    void line(String line);

    /** What lets the last windows close has come through: all results are there. */
    void over();
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  public static class Bid {
    public long auction;
    public long bidder;
    public long price;
    public long dateTime;
    public String channel;
  }

  record Total(long count, long sum) {}

  private static final ObjectReader READER = new ObjectMapper().readerFor(Bid.class);
  private static final Serde<Bid> BID = Serdes.serdeFrom((topic, bid) -> {
    throw new IllegalStateException("bids are only read");
  }, (topic, bytes) -> {
    try {
      return READER.readValue(bytes);
    } catch (IOException exception) {
      throw new UncheckedIOException(exception);
    }
  });
  private static final Serde<Total> TOTAL = Serdes.serdeFrom(
      (topic, total) -> total == null ? null : ByteBuffer.allocate(16).putLong(total.count).putLong(total.sum).array(),
      (topic, bytes) -> {
        if (bytes == null) return null;
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new Total(buffer.getLong(), buffer.getLong());
      });

  private Jobs() {}

  static Topology build(String job, Output output) {
    StreamsBuilder builder = new StreamsBuilder();
    KStream<byte[], Bid> bids = builder.stream("in", Consumed.with(Serdes.ByteArray(), BID));
    switch (job) {
      case "stateless" -> stateless(bids, output);
      case "tumbling" -> tumbling(bids, output);
      case "sliding" -> sliding(bids, output);
      case "session" -> sessions(bids, output);
      default -> throw new IllegalArgumentException(job);
    }
    return builder.build();
  }

  private static void stateless(KStream<byte[], Bid> bids, Output output) {
    bids.filter((key, bid) -> bid.price >= LEAST_PRICE).foreach((key, bid) -> write(output, bid.auction,
        "{\"auction\":" + bid.auction + ",\"price\":" + bid.price * 2 + ",\"channel\":\"" + bid.channel + "\",\"dateTime\":" + bid.dateTime + "}"));
  }

  private static void tumbling(KStream<byte[], Bid> bids, Output output) {
    bids.filter((key, bid) -> bid.price >= LEAST_PRICE)
        .map((key, bid) -> KeyValue.pair(bid.auction, bid.price))
        .groupByKey(Grouped.with(Serdes.Long(), Serdes.Long()))
        .windowedBy(TimeWindows.ofSizeAndGrace(SIZE, GRACE)).emitStrategy(EmitStrategy.onWindowClose())
        .aggregate(() -> new Total(0, 0), (key, price, total) -> new Total(total.count + 1, total.sum + price),
            Materialized.<Long, Total>as(Stores.inMemoryWindowStore("totals", RETENTION, SIZE, false)).withKeySerde(Serdes.Long()).withValueSerde(TOTAL).withLoggingDisabled().withCachingDisabled())
        .toStream()
        .foreach((key, total) -> write(output, key.key(), "{\"auction\":" + key.key() + ",\"windowStart\":" + key.window().start() + ",\"count\":" + total.count + ",\"sum\":" + total.sum + "}"));
  }

  private static void sliding(KStream<byte[], Bid> bids, Output output) {
    bids.map((key, bid) -> KeyValue.pair(bid.auction, new byte[0]))
        .groupByKey(Grouped.with(Serdes.Long(), Serdes.ByteArray()))
        .windowedBy(TimeWindows.ofSizeAndGrace(SIZE, GRACE).advanceBy(SLIDE)).emitStrategy(EmitStrategy.onWindowClose())
        .count(Materialized.<Long, Long>as(Stores.inMemoryWindowStore("counts", RETENTION, SIZE, false)).withKeySerde(Serdes.Long()).withLoggingDisabled().withCachingDisabled())
        .toStream()
        .foreach((key, count) -> write(output, key.key(), "{\"auction\":" + key.key() + ",\"windowStart\":" + key.window().start() + ",\"count\":" + count + "}"));
  }

  private static void sessions(KStream<byte[], Bid> bids, Output output) {
    bids.map((key, bid) -> KeyValue.pair(bid.bidder, new byte[0]))
        .groupByKey(Grouped.with(Serdes.Long(), Serdes.ByteArray()))
        .windowedBy(SessionWindows.ofInactivityGapAndGrace(SIZE, GRACE)).emitStrategy(EmitStrategy.onWindowClose())
        .count(Materialized.<Long, Long>as(Stores.inMemorySessionStore("sessions", RETENTION)).withKeySerde(Serdes.Long()).withLoggingDisabled().withCachingDisabled())
        .toStream()
        .foreach((key, count) -> {
          if (count != null) write(output, key.key(), "{\"bidder\":" + key.key() + ",\"start\":" + key.window().start() + ",\"end\":" + key.window().end() + ",\"count\":" + count + "}");
        });
  }

  private static void write(Output output, long key, String line) {
    if (key < 0) output.over();
    else output.line(line);
  }
}
