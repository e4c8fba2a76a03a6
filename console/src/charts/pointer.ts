/** What the pointer is over: one moment for all charts of a group, and what each of them measured then. */
import { reactive } from "vue";
import type { Curve, CurvePoint } from "./curve";

export const SIDES = { left: 46, right: 14 }; // px beside what is drawn
export const pointed = reactive(new Map<string, number>()); // epoch ms by group

/** The moment at a place `x` px from the left of a chart `width` px wide; null beside the curve's time. */
export function momentAt(curve: Curve, x: number, width: number): number | null {
  const share = (x - SIDES.left) / (width - SIDES.left - SIDES.right);
  return share < 0 || share > 1 ? null : curve.since + share * (curve.until - curve.since);
}
/** Where a moment is drawn, as CSS says it. */
export function placeOf(curve: Curve, at: number): string {
  const share = (at - curve.since) / (curve.until - curve.since);
  return `calc(${SIDES.left}px + ${share} * (100% - ${SIDES.left + SIDES.right}px))`;
}
export function nearest(curve: Curve, at: number): CurvePoint {
  return curve.points.reduce((best, one) => (Math.abs(one.at - at) < Math.abs(best.at - at) ? one : best));
}
