// For each [zone, date] on stdin: the day's bounds, and what charts and clocks show at its noon in UTC, as format.ts says.
import { readFileSync } from "node:fs";
import ts from "typescript";

const source = readFileSync(new URL("../src/format.ts", import.meta.url), "utf8");
const { outputText } = ts.transpileModule(source, { compilerOptions: { target: "ES2022", module: "ES2022" } });
const format = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);
const answers = JSON.parse(readFileSync(0, "utf8")).map(([zone, date]) => {
  format.setZone(zone);
  const { since, until } = format.dayBounds(date);
  const noon = Date.parse(`${date}T12:00:00Z`);
  return [since, until, format.onChart(noon), format.localDate(noon), format.time(new Date(noon).toISOString())];
});
console.log(JSON.stringify(answers));
