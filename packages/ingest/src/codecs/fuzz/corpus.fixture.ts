// Lines as real programs write them: logs, bids, sensors, pages, places, payments. `#` stands for a digit that changes from line to line.

/** Families of lines; of each, the line of JSON and the types that its fields can be declared as. */
export interface CorpusFamily {
  readonly line: string;
  readonly schema: Readonly<Record<string, string>>;
}

export const corpus: readonly CorpusFamily[] = [
  {
    line: '{"auction":1#0#,"bidder":2##7,"price":##99,"channel":"channel-##","url":"https://www.nexmark.example/item.htm?query=1##","dateTime":17000000#####,"extra":"aUPUVZ^_]QTX#"}',
    schema: { auction: "int32", price: "int64", channel: "string", dateTime: "timestamp" },
  },
  {
    line: '{"auction":1#0#,"bidder":2##7,"price":##99,"channel":"Apple","url":"https://www.nexmark.example/##/#","dateTime":17000000#####,"extra":"IMVTSNOVMJ##"}',
    schema: { auction: "int64", price: "float64", channel: "string", dateTime: "timestamp", extra: "string" },
  },
  {
    line: '{"ts":"2024-05-1#T0#:1#:4#.###Z","level":"info","logger":"http.server","msg":"request done","req":{"method":"GET","path":"/api/v1/items/#","ms":##.##,"ok":true},"trace":"##ab##cd##ef"}',
    schema: { ts: "timestamp", level: "string", msg: "string" },
  },
  {
    line: '{"device": "sensor-#", "temperature": -##.#, "humidity": 0.##, "battery": null, "position": {"lat": 59.9###, "lon": -10.7###}, "tags": ["a", "b#"]}',
    schema: { device: "string", temperature: "float64", humidity: "float64", battery: "float64?" },
  },
  {
    line: '{"id":12345678901234567##,"user":{"id":98765432109876543##,"name":"Jürgen Ødegård","lang":"日本語"},"text":"Grüße aus Köln 😀 #","retweeted":false,"entities":{"urls":[],"tags":[{"i":[#,##],"t":"x"}]}}',
    schema: { id: "int64", text: "string", retweeted: "bool" },
  },
  { line: '{"type":"Feature","geometry":{"type":"Point","coordinates":[-122.###,37.####]},"properties":{"mag":#.#,"place":"## km N of Ås","time":17000000#####,"felt":null}}', schema: { type: "string" } },
  { line: '{"iban":"NO93#######","amount":"##.##","currency":"NOK","booked":true,"balance":-1##.#5,"ref":1e#,"n":0.#e-#}\r', schema: { iban: "string", amount: "decimal", balance: "decimal", booked: "bool", ref: "float64" } },
  { line: '{"msg":"said \\"#\\" at C:\\\\tmp\\nand \\u00e9\\ud83d\\ude00 left","url":"https:\\/\\/example.org\\/#","note":null,"n":#}', schema: { msg: "string", url: "string?", n: "int32" } },
  { line: '{"k":#}', schema: { k: "int32" } },
  { line: '{"a":#,"b":"#","c":#.#,"d":[#],"e":{"f":#}}', schema: { a: "int64", b: "string", c: "float64" } },
];
