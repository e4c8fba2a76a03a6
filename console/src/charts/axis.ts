/** The value axis: wide enough that an ordinary night looks flat, and the limit is always on it. */
import type { Curve } from "./curve";

// What is usual, and is shown even when nothing reached it.
const USUAL: Record<string, [number, number]> = {
  heart_rate: [50, 110],
  breathing_rate: [8, 24],
  spo2: [88, 100],
  systolic: [90, 160],
  diastolic: [50, 100],
  skin_temperature: [32, 38],
  temperature: [14, 28],
  humidity: [30, 70],
  gas: [0, 20],
  co: [0, 50],
  battery: [0, 100],
  signal: [-110, -50],
  power: [0, 200],
  water_volume: [0, 10],
  energy: [0, 1],
  steps: [0, 100],
};
// What cannot be exceeded.
const BOUNDS: Record<string, [number, number]> = {
  spo2: [0, 100],
  humidity: [0, 100],
  battery: [0, 100],
  signal: [-140, 0],
  temperature: [-40, 60],
  skin_temperature: [0, 60],
};

/** 1, 2 or 5 times a power of ten, so that the axis carries about four figures that can be read. */
function niceStep(width: number): number {
  const rough = width / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
}

export function fit(curve: Curve): { min: number; max: number; interval: number } {
  const shown = curve.points.flatMap((point) => [point.low, point.high]);
  if (curve.limit !== null) shown.push(curve.limit);
  const low = Math.min(...shown);
  const high = Math.max(...shown);
  const [usualLow, usualHigh] = USUAL[curve.metric] ?? [low, high];
  const from = Math.min(low, usualLow);
  const to = Math.max(high, usualHigh, from + 1);
  const air = (to - from) * 0.04; // what lies at the very edge is hard to see
  const interval = niceStep(to - from);
  const [least, most] = BOUNDS[curve.metric] ?? [from < 0 ? -Infinity : 0, Infinity];
  return {
    min: Math.max(least, Math.floor((low < usualLow ? from - air : from) / interval) * interval),
    max: Math.min(most, Math.ceil((high > usualHigh ? to + air : to) / interval) * interval),
    interval,
  };
}
