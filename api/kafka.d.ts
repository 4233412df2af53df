// The public API of @streamflow/kafka. Written by pnpm api:update.

export interface AbortedTransaction {
    readonly producerId: bigint;
    readonly firstOffset: bigint;
}

export interface BatchCompression {
    readonly codec: number;
    compress(bytes: Uint8Array): Uint8Array;
}

export interface BatchSeal {
    readonly producerId: bigint;
    readonly producerEpoch: number;
    readonly sequence: number;
    readonly isTransactional: boolean;
    readonly compression?: BatchCompression;
}

export interface BrokerAddress {
    readonly host: string;
    readonly port: number;
}

export interface EncodedHeaders {
    readonly pairs: HeaderPairs;
    readonly bytes: Uint8Array;
}

export type HeaderPairs = readonly (readonly [name: Uint8Array, value: Uint8Array | null])[];

export interface KafkaCommitToken {
    readonly kind: "kafka";
    readonly cluster: string;
    readonly group: string;
    readonly topic: string;
    readonly partition: number;
    member(): {
        readonly id: string;
        readonly epoch: number;
    } | undefined;
}

export interface KafkaConnection {
    readonly brokerList: readonly string[];
    readonly clientId?: string;
    readonly tls?: boolean | KafkaTls;
    readonly sasl?: KafkaSasl;
    readonly driver?: KafkaDriver;
    readonly connectTimeoutMs?: number;
    readonly requestTimeoutMs?: number;
}

export type KafkaDriver = "platformatic" | "kafkajs";

export type KafkaEnd = "source" | "sink";

export type KafkaJsLibrary = typeof KafkaJs;

export interface KafkaJsOptions {
    readonly connection: KafkaConnection;
    readonly what: string;
    readonly logger: Logger;
}

export type KafkaLibrary = typeof Library;

export type KafkaSasl = {
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
    readonly username: string;
    readonly password: string;
}
 | {
    readonly mechanism: "oauthbearer";
    readonly token: string | (() => string | Promise<string>);
};

export interface KafkaTls {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly serverName?: string;
    readonly rejectUnauthorized?: boolean;
}

export declare class KafkaWire {
    #private;
    readonly library: KafkaLibrary;
    constructor(library: KafkaLibrary, connection: KafkaConnection, what: string);
    call<Arguments extends readonly unknown[], Answer>(broker: BrokerAddress, request: WireRequest<Arguments, Answer>, args: Arguments, lane?: WireLane): Promise<Answer>;
    callAny<Arguments extends readonly unknown[], Answer>(request: WireRequest<Arguments, Answer>, args: Arguments): Promise<Answer>;
    refresh(names: readonly string[] | undefined, create?: boolean): Promise<readonly WireTopic[]>;
    get cluster(): string;
    topic(name: string): WireTopic | undefined;
    leaderOf(topic: string, partition: number): {
        readonly node: number;
        readonly address: BrokerAddress;
    } | undefined;
    coordinator(kind: "group" | "transaction", key: string): Promise<BrokerAddress>;
    close(): Promise<void>;
}

export interface RecordBatchInput {
    readonly bytes: Uint8Array;
    readonly fromOffset: bigint;
    readonly aborted?: readonly AbortedTransaction[];
}

export declare class RecordBatchReader {
    #private;
    constructor(tools: RecordBatchTools);
    read({ bytes, fromOffset, aborted }: RecordBatchInput, visitor: RecordVisitor): bigint;
}

export interface RecordBatchTools {
    crc32c(bytes: Uint8Array): number;
    decompress(bytes: Uint8Array, codec: number): Uint8Array;
}

export declare class RecordBatchWriter {
    #private;
    constructor(crc32c: (bytes: Uint8Array) => number, firstBytes?: number);
    get count(): number;
    get byteLength(): number;
    add(record: RecordParts): void;
    seal({ producerId, producerEpoch, sequence, isTransactional, compression }: BatchSeal): Uint8Array;
}

export interface RecordParts {
    bytes: Uint8Array;
    keyStart: number;
    keyEnd: number;
    valueStart: number;
    valueEnd: number;
    timestampMs: number;
    headers: EncodedHeaders | undefined;
}

export interface RecordPlace {
    offset: number;
    timestampMs: number;
    keyStart: number;
    keyEnd: number;
    valueStart: number;
    valueEnd: number;
    headersStart: number;
}

export interface RecordVisitor {
    reserve(bytes: number): void;
    record(at: RecordPlace, bytes: Uint8Array): void;
}

export type WireLane = "control" | "data";

export interface WirePartition {
    readonly leader: number;
    readonly leaderEpoch: number;
}

export interface WireRequest<Arguments extends readonly unknown[], Answer> {
    async(connection: Library.Connection, ...args: Arguments): Promise<Answer>;
}

export interface WireTopic {
    readonly name: string;
    readonly id: string;
    readonly isInternal: boolean;
    readonly partitions: readonly WirePartition[];
}

export declare function addressOf(broker: string, what: string): BrokerAddress;

export declare const batchHeaderBytes = 61;

export declare function brokerErrorOf(thrown: unknown): string | undefined;

export declare function checkConnection(connection: KafkaConnection, what: string): void;

export declare const connectionFields: Readonly<Record<string, ConfigField>>;

export declare function describeConnection(connection: KafkaConnection): Readonly<Record<string, unknown>>;

export declare function encodeHeaders(pairs: HeaderPairs): EncodedHeaders;

export declare function invalid(what: string, why: string): StreamFlowError;

export declare function isCommitToken(token: unknown): token is KafkaCommitToken;

export declare function isPassing(thrown: unknown): boolean;

export declare const kafkaClients: Readonly<Record<KafkaDriver, {
    readonly packages: readonly [string];
    readonly install: string;
}>>;

export declare function kafkaError(thrown: unknown, end: KafkaEnd, where: string): StreamFlowError;

export declare function kafkaJsClient(library: KafkaJsLibrary, { connection, what, logger }: KafkaJsOptions): KafkaJs.Kafka;

export declare function loadKafkaJs(what: string): Promise<KafkaJsLibrary>;

export declare function loadPlatformatic(what: string): Promise<KafkaLibrary>;

export declare function missingClient(thrown: unknown, what: string, { packages: [name], install }: (typeof kafkaClients)[KafkaDriver]): unknown;

export declare function murmur2(bytes: Uint8Array): number;

export declare function partitionOf(key: Uint8Array, count: number): number;

export declare function readHeaders(bytes: Uint8Array, start: number): Readonly<Record<string, string>>;
