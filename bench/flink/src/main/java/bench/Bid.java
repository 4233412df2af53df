package bench;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;

/** What the jobs read of a bid. */
@JsonIgnoreProperties(ignoreUnknown = true)
public class Bid {
  public long auction;
  public long bidder;
  public long price;
  public long dateTime;
  public String channel;
}
