package bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.Serializable;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;

/** Writes records as lines of JSON, in bulk. */
final class Lines<T> implements BulkWriter.Factory<T> {
  /** The fields of a record. */
  interface Fields<T> extends Serializable {
    void write(T value, JsonGenerator json) throws IOException;
  }

  private final Fields<T> fields;

  Lines(Fields<T> fields) {
    this.fields = fields;
  }

  @Override
  public BulkWriter<T> create(FSDataOutputStream out) throws IOException {
    BufferedOutputStream bytes = new BufferedOutputStream(out, 1 << 16);
    JsonGenerator json = new JsonFactory().createGenerator(bytes).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
    json.setRootValueSeparator(null);
    return new BulkWriter<>() {
      @Override
      public void addElement(T value) throws IOException {
        json.writeStartObject();
        fields.write(value, json);
        json.writeEndObject();
        json.writeRaw('\n');
      }

      @Override
      public void flush() throws IOException {
        json.flush();
        bytes.flush();
      }

      @Override
      public void finish() throws IOException {
        flush();
      }
    };
  }
}
