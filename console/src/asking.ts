/** The alerts that ask for somebody, by severity: what the header counts, what the title says and what rings. */
import { computed } from "vue";
import { unanswered } from "./alerts";
import { SEVERITIES, type Alert, type Severity } from "./types";

export const asking = computed(() => {
  const found = Object.fromEntries(SEVERITIES.map((name) => [name, [] as Alert[]])) as Record<Severity, Alert[]>;
  for (const alert of unanswered.value) found[alert.severity].push(alert);
  return found;
});
/** An alert that asks again is another cry. */
export const cry = (alert: Alert) => `${alert.id} ${alert.asks_since}`;
