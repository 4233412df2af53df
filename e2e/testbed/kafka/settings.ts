// Settings of the broker: one of its kind, and none that makes a test wait.

/** By name. */
export type Settings = Readonly<Record<string, string>>;

export const usualSettings: Settings = {
  "process.roles": "broker,controller",
  "node.id": "1",
  "controller.listener.names": "CONTROLLER",
  "inter.broker.listener.name": "PLAIN",
  "num.partitions": "3",
  "default.replication.factor": "1",
  // There is one broker to keep them.
  "offsets.topic.replication.factor": "1",
  "offsets.topic.num.partitions": "4",
  "transaction.state.log.replication.factor": "1",
  "transaction.state.log.min.isr": "1",
  "transaction.state.log.num.partitions": "4",
  "share.coordinator.state.topic.replication.factor": "1",
  "share.coordinator.state.topic.min.isr": "1",
  // Records say when they happened, which may be long ago: none is removed for its age.
  "log.retention.ms": "-1",
  // A group is there at once, and a member that has died is out of it soon.
  "group.initial.rebalance.delay.ms": "0",
  "group.min.session.timeout.ms": "1000",
  "group.consumer.min.session.timeout.ms": "1000",
  "group.consumer.session.timeout.ms": "3000",
  "group.consumer.min.heartbeat.interval.ms": "100",
  "group.consumer.heartbeat.interval.ms": "300",
  // A broker that was killed is let in again without waiting for nine seconds.
  "broker.session.timeout.ms": "1500",
  "broker.heartbeat.interval.ms": "300",
  // 128 MB, else: half of the memory that the broker has.
  "log.cleaner.dedupe.buffer.size": "4194304",
  "num.network.threads": "2",
  // Who has no name may do everything; others, everything that no rule speaks of: a test can forbid something by a rule (ACL).
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": "User:ANONYMOUS",
  "allow.everyone.if.no.acl.found": "true",
};

/** The same with a prefix before every name. */
export function propertiesOf(prefix: string, settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${prefix}.${name}`, value]));
}

/** As a file of Java properties. */
export function propertiesText(settings: Settings): string {
  return Object.entries(settings).map(([name, value]) => `${name}=${value.replaceAll("\\", "\\\\")}\n`).join("");
}
