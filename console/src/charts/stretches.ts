/** When something was so: for what has no curve (an event, a yes or no). */
export interface Stretch {
  from: number;
  to: number | null; // null: it still is
}

/** Moments of an event, or the stretches in which a condition held. Points are [epoch ms, value], oldest first. */
export function stretches(points: [number, number][], kind: string): Stretch[] {
  if (kind === "event") return points.filter(([, value]) => value !== 0).map(([at]) => ({ from: at, to: at }));
  const found: Stretch[] = [];
  let begin: number | null = null;
  for (const [at, value] of points) {
    if (value !== 0) begin ??= at;
    else if (begin !== null) {
      found.push({ from: begin, to: at });
      begin = null;
    }
  }
  if (begin !== null) found.push({ from: begin, to: null });
  return found;
}
export const lasted = (all: Stretch[], until: number) =>
  all.reduce((sum, one) => sum + Math.max(0, (one.to ?? until) - one.from), 0);
