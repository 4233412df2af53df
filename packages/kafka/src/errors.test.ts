import { StreamFlowError } from "@streamflow/core";
import { describe, expect, test } from "vitest";
import { errors, NetworkError, ResponseError } from "./errors.fixture.ts";
import { brokerErrorOf, isPassing, kafkaError } from "./errors.ts";

describe("what a client throws", () => {
  test.each([
    [29, "source", "SF_CONFIG_INVALID"],
    [30, "source", "SF_CONFIG_INVALID"],
    [58, "sink", "SF_CONFIG_INVALID"],
    [3, "source", "SF_SOURCE_MISSING"],
    [3, "sink", "SF_CONFIG_INVALID"],
    [1, "source", "SF_SOURCE_POSITION"],
    [10, "sink", "SF_RECORD_TOO_LARGE"],
    [47, "sink", "SF_SINK_FENCED"],
    [90, "sink", "SF_SINK_FENCED"],
    [110, "source", "SF_PARTITION_LOST"],
    [6, "source", "SF_SOURCE_CONNECT"],
    [6, "sink", "SF_SINK_UNAVAILABLE"],
    [35, "source", "SF_CONFIG_INVALID"],
    [-1, "source", "SF_SOURCE_FAILED"],
  ] as const)("error %i of a broker at the %s is %s, from either client", (number, end, code) => {
    const theirs = new ResponseError(1, 17, { "/responses/0": [number, null] }, {});
    expect(kafkaError(theirs, end, "here").code).toBe(code);
    // kafkajs speaks versions of the protocol that have no newer errors.
    if (number < 90) expect(kafkaError(errors.createErrorFromCode(number), end, "here").code).toBe(code);
  });

  test("a lost connection passes, and a refused login does not", () => {
    expect(isPassing(new NetworkError("gone"))).toBe(true);
    expect(isPassing(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }))).toBe(true);
    for (const name of ["KafkaJSConnectionError", "KafkaJSGroupCoordinatorNotFound", "KafkaJSMetadataNotLoaded"]) expect(isPassing(Object.assign(new Error("not there"), { name }))).toBe(true);
    expect(isPassing(errors.createErrorFromCode(58))).toBe(false);
    expect(kafkaError(new NetworkError("gone"), "sink", "here")).toMatchObject({ code: "SF_SINK_UNAVAILABLE", retryable: true });
  });

  test("an error of ours passes through, and a name is found inside others", () => {
    const own = new StreamFlowError("SF_ABORTED", "x");
    expect(kafkaError(own, "source", "here")).toBe(own);
    expect(brokerErrorOf(new Error("outside", { cause: errors.createErrorFromCode(3) }))).toBe("UNKNOWN_TOPIC_OR_PARTITION");
    expect(brokerErrorOf(new Error("nothing"))).toBeUndefined();
  });
});
