import { describe, expect, it } from "vitest";
import { airportLines, parseAirports } from "./airports.ts";

describe("parseAirports", () => {
  it("finds its columns by name, and reads quoted fields", () => {
    const csv = 'state,iata,extra,name,city\r\nGA,DBN,,"W. H. ""Bud"" Barron",Dublin\nNY,N25,x,Westport,"Westport, NY"';
    expect(parseAirports(csv)).toEqual([
      { iata: "DBN", name: 'W. H. "Bud" Barron', city: "Dublin", state: "GA" },
      { iata: "N25", name: "Westport", city: "Westport, NY", state: "NY" },
    ]);
  });

  it("reads an empty last field, and no rows after the last line end", () => {
    expect(parseAirports("iata,name,city,state\nAAA,a,b,\n")).toEqual([{ iata: "AAA", name: "a", city: "b", state: "" }]);
    expect(parseAirports("iata,name,city,state\nAAA,a,b,")).toEqual([{ iata: "AAA", name: "a", city: "b", state: "" }]);
  });

  it("says which columns it misses", () => {
    expect(() => parseAirports("iata,city\nAAA,b\n")).toThrow("need the columns iata, name, city, state; found iata, city");
  });

  it("refuses text after a quoted field", () => {
    expect(() => parseAirports('iata,name,city,state\nAAA,"a"b,c,d\n')).toThrow("malformed CSV at character 25");
  });
});

it("writes airports as lines of JSON", () => {
  const lines = airportLines([{ iata: "AAA", name: 'a "b"', city: "c", state: "GA" }]);
  expect(lines).toBe('{"iata":"AAA","state":"GA","city":"c","name":"a \\"b\\""}\n');
});
