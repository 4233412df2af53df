// Named exports only.
export { httpSink } from "./connectors/http.ts";
export type { HttpSinkOptions } from "./connectors/http.ts";
export type { FailuresIn, HttpAnswer, HttpFailure, HttpVerdict } from "./connectors/http-answer.ts";
export type { RecordFormat } from "./connectors/record-bytes.ts";
export type { HttpFetch, HttpResponse } from "./connectors/http-client.ts";
