/** A quantity over time, as charts, captions and tables show it. */
import type { History, Lane } from "../types";

export interface CurvePoint {
  at: number; // epoch ms
  mean: number;
  low: number;
  high: number;
}
export interface Curve {
  metric: string;
  name: string;
  unit: string;
  since: number; // what the time axis spans
  until: number;
  points: CurvePoint[];
  summed: boolean; // the readings of a meter, counted from the first one shown
  limit: number | null;
  mark: number | null; // a moment to mark
}

export const isQuantity = (kind: string) => kind === "level" || kind === "counter";

/** A meter's reading says nothing at night; what has been used since the beginning of the chart does. */
export function counted(points: CurvePoint[]): CurvePoint[] {
  const first = points[0]?.low ?? 0;
  return points.map(({ at, mean, low, high }) => ({ at, mean: mean - first, low: low - first, high: high - first }));
}
export const pointsOf = (history: History): CurvePoint[] =>
  history.points.map((point) => ({ ...point, at: Date.parse(point.ts) }));
export const pointsOfLane = (lane: Lane): CurvePoint[] =>
  lane.points.map(([at, value]) => ({ at, mean: value, low: value, high: value }));

const HOUR = 3600e3;
/** The gap from which on a line would claim what nobody measured: three times the usual one, an hour at least. */
export function widestGap(points: CurvePoint[]): number {
  const gaps = points.slice(1).map((point, index) => point.at - points[index].at);
  gaps.sort((a, b) => a - b);
  return Math.max(HOUR, 3 * (gaps[Math.floor(gaps.length / 2)] ?? 0));
}
