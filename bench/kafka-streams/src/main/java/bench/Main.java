package bench;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.streams.KafkaStreams;

/** A job against a broker that has its input: JOB PORT OUTPUT STATE_FOLDER. At least once; results go to a file, not to a topic. */
public class Main {
  public static void main(String[] arguments) throws Exception {
    Properties settings = new Properties();
    settings.put("application.id", "bench-" + arguments[0]);
    settings.put("bootstrap.servers", "127.0.0.1:" + arguments[1]);
    settings.put("num.stream.threads", "1");
    settings.put("auto.offset.reset", "earliest");
    settings.put("state.dir", arguments[3]);
    // Else what lets the last windows close would have to come a second later.
    settings.put("__emit.interval.ms.kstreams.windowed.aggregation__", 0L);
    CountDownLatch over = new CountDownLatch(1);
    try (BufferedWriter writer = Files.newBufferedWriter(Path.of(arguments[2]), StandardCharsets.ISO_8859_1)) {
      KafkaStreams streams = new KafkaStreams(Jobs.build(arguments[0], output(writer, over)), settings);
      streams.setUncaughtExceptionHandler(exception -> {
        exception.printStackTrace();
        Runtime.getRuntime().halt(1);
        return null;
      });
      streams.start();
      over.await();
      synchronized (writer) {
        writer.flush();
      }
      streams.close(Duration.ofSeconds(1));
    }
    System.exit(0);
  }

  private static Jobs.Output output(BufferedWriter writer, CountDownLatch over) {
    return new Jobs.Output() {
      @Override
      public void line(String line) {
        try {
          synchronized (writer) {
            writer.write(line);
            writer.write('\n');
          }
        } catch (IOException exception) {
          throw new UncheckedIOException(exception);
        }
      }

      @Override
      public void over() {
        over.countDown();
      }
    };
  }
}
