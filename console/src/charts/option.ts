/** How ECharts is to draw a curve. */
import type { ECBasicOption } from "echarts/types/dist/shared";
import { onChart } from "../format";
import { fit } from "./axis";
import { colours } from "./colours";
import { widestGap, type Curve, type CurvePoint } from "./curve";
import { SIDES } from "./pointer";
import { figure } from "./words";

const DAY = 86400e3;
const FEW = 40; // so few points are each shown
type Pair = [number, number | null];
type Item = Pair | { value: Pair; symbol: string };

/** The points, with a break where nothing was measured. A point that no line would reach is shown as a dot. */
function line(points: CurvePoint[], value: (point: CurvePoint) => number): Item[] {
  const gap = widestGap(points);
  const apart = (one?: CurvePoint, other?: CurvePoint) => !one || !other || other.at - one.at > gap;
  return points.flatMap((point, index): Item[] => {
    const [before, after] = [points[index - 1], points[index + 1]];
    const drawn: Pair = [onChart(point.at), value(point)];
    const dotted = points.length < FEW || (apart(before, point) && apart(point, after));
    const item: Item = dotted ? { value: drawn, symbol: "circle" } : drawn;
    return before && apart(before, point) ? [[onChart(before.at + 1), null], item] : [item];
  });
}

const two = (value: number) => String(value).padStart(2, "0");
/** 06:00, or 11/27 at a day's beginning and where days are all that fits. */
function tick(value: number, span: number): string {
  const at = new Date(value); // moved, so that its UTC is the homes' clock
  if (span > 2 * DAY) return `${at.getUTCMonth() + 1}/${at.getUTCDate()}`;
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
}

function xAxis(curve: Curve, width: number): object {
  const { dim, line: rule } = colours();
  const span = curve.until - curve.since;
  return {
    type: "time",
    min: onChart(curve.since),
    max: onChart(curve.until),
    splitNumber: Math.max(2, Math.min(8, Math.floor(width / 90))),
    minInterval: span > 2 * DAY ? DAY : undefined,
    axisLabel: { color: dim, hideOverlap: true, formatter: (value: number) => tick(value, span) },
    axisLine: { lineStyle: { color: rule } },
    splitLine: { show: true, lineStyle: { color: rule, opacity: 0.6 } },
  };
}

/** Where the values of a bucket differ, the space between the lowest and the highest is filled. */
function band(curve: Curve): object[] {
  if (curve.summed || curve.points.every((point) => point.low === point.high)) return [];
  const part = {
    type: "line",
    stack: "band",
    stackStrategy: "all",
    symbol: "none",
    lineStyle: { opacity: 0 },
    silent: true,
    tooltip: {},
  };
  return [
    { ...part, data: line(curve.points, (point) => point.low) },
    {
      ...part,
      areaStyle: { color: colours().link, opacity: 0.2 },
      data: line(curve.points, (point) => point.high - point.low),
    },
  ];
}

/** The limit across and the alert's moment upright, as plain lines: ECharts' own marks would be a download more. */
function marks(curve: Curve): object[] {
  const { urgent, emergency } = colours();
  const { min, max } = fit(curve);
  const ruled = (color: string, data: unknown[]) => {
    return { type: "line", symbol: "none", silent: true, color, lineStyle: { type: "dashed", width: 1.5 }, data };
  };
  const found: object[] = [];
  if (curve.mark !== null)
    found.push(
      ruled(
        emergency,
        [min, max].map((value) => [onChart(curve.mark!), value]),
      ),
    );
  if (curve.limit === null) return found;
  const label = { show: true, formatter: figure(curve.limit), color: urgent, position: [-26, -18] };
  const end = { value: [onChart(curve.until), curve.limit], symbol: "circle", symbolSize: 1, label };
  return [...found, ruled(urgent, [[onChart(curve.since), curve.limit], end])];
}

export function option(curve: Curve, width: number): ECBasicOption {
  const { dim, line: rule, link } = colours();
  return {
    animation: false,
    useUTC: true,
    grid: { ...SIDES, top: 14, bottom: 26 },
    xAxis: xAxis(curve, width),
    yAxis: {
      type: "value",
      ...fit(curve),
      axisLabel: { color: dim, showMinLabel: true, hideOverlap: true },
      splitLine: { lineStyle: { color: rule } },
    },
    series: [
      ...band(curve),
      {
        type: "line",
        step: curve.summed ? "end" : false,
        symbol: "none",
        symbolSize: 5,
        color: link,
        data: line(curve.points, (point) => (curve.summed ? point.high : point.mean)),
      },
      ...marks(curve),
    ],
  };
}
