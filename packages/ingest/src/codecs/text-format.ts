/** Whether records of a format end at line ends, which belong to none of them. */
export function isTextFormat(type: string): boolean {
  return type === "ndjson" || type === "csv" || type === "lines";
}
