/** 12 秒, 1 分 12 秒, 2 时 5 分, 3 天 4 时: a time that is judged by the second keeps its seconds below an hour. */
export function exactSpan(seconds: number | null, zh: boolean): string {
  if (seconds === null) return "—";
  const whole = Math.max(0, Math.round(seconds));
  const units = zh ? ["天", "时", "分", "秒"] : ["d", "h", "min", "s"];
  const parts = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  const first = parts.findIndex((part) => part > 0);
  if (first < 0) return `0 ${units[3]}`;
  return parts
    .slice(first, first + 2)
    .map((part, index) => (part || !index ? `${part} ${units[first + index]}` : ""))
    .filter(Boolean)
    .join(" ");
}
