package bench;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A broker of one node, on this machine alone, with the lines of a file in its topic `in`: FOLDER PORT INPUT. Says "ready" when they are there, and goes on until it is
 * ended. A record's time is its dateTime. Behind them come records an hour and two hours later, whose keys are negative: they only let the last windows close.
 */
public class Broker {
  private static final int SENTINELS = 64;
  private static final long HOUR_MS = 3_600_000;
  private static final String TIME = "\"dateTime\":";

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    int port = Integer.parseInt(arguments[1]);
    Path settings = folder.resolve("server.properties");
    Files.createDirectories(folder);
    Files.writeString(settings, String.join("\n",
        "process.roles=broker,controller", "node.id=1", "controller.quorum.voters=1@127.0.0.1:" + (port + 1),
        "listeners=PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + (port + 1), "advertised.listeners=PLAINTEXT://127.0.0.1:" + port,
        "controller.listener.names=CONTROLLER", "log.dirs=" + folder.resolve("log"), "offsets.topic.replication.factor=1", "offsets.topic.num.partitions=1",
        "transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1", "share.coordinator.state.topic.replication.factor=1",
        "group.initial.rebalance.delay.ms=0", "log.retention.ms=-1", ""));
    kafka.tools.StorageTool.execute(new String[] {"format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", settings.toString()}, System.err);
    Thread broker = new Thread(() -> kafka.Kafka.main(new String[] {settings.toString()}));
    broker.start();
    load("127.0.0.1:" + port, arguments[2]);
    System.out.println("ready");
    broker.join();
  }

  private static void load(String server, String input) throws Exception {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", server);
    settings.put("linger.ms", "20");
    settings.put("batch.size", "262144");
    settings.put("buffer.memory", "134217728");
    settings.put("key.serializer", ByteArraySerializer.class);
    settings.put("value.serializer", ByteArraySerializer.class);
    NewTopic topic = new NewTopic("in", 1, (short) 1)
        .configs(Map.of("retention.ms", "-1", "message.timestamp.before.max.ms", String.valueOf(Long.MAX_VALUE), "message.timestamp.type", "CreateTime"));
    try (Admin admin = Admin.create(settings)) {
      admin.createTopics(List.of(topic)).all().get();
    }
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings);
        BufferedReader lines = new BufferedReader(new InputStreamReader(new FileInputStream(input), StandardCharsets.ISO_8859_1), 1 << 20)) {
      long latest = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int from = line.indexOf(TIME) + TIME.length();
        long time = Long.parseLong(line, from, line.indexOf(',', from), 10);
        latest = Math.max(latest, time);
        producer.send(new ProducerRecord<>("in", 0, time, null, line.getBytes(StandardCharsets.ISO_8859_1)));
      }
      for (int hour = 1; hour <= 2; hour++) {
        for (int key = 1; key <= SENTINELS; key++) {
          byte[] line = ("{\"auction\":" + -key + ",\"bidder\":" + -key + ",\"price\":10000,\"channel\":\"\",\"dateTime\":0}").getBytes(StandardCharsets.ISO_8859_1);
          producer.send(new ProducerRecord<>("in", 0, latest + HOUR_MS * hour, null, line));
        }
      }
    }
  }
}
