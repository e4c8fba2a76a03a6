/** How the board is looked at: filters (also in the address), the selected row, the place it is scrolled to. */
import { reactive, ref, watch } from "vue";
import { onBeforeRouteLeave, useRoute, useRouter, type LocationQuery } from "vue-router";
import { SEVERITIES, type Severity } from "../types";
import { refilter } from "./order";
import type { Filters } from "./search";

const WRITE_MS = 200;
export const filters = reactive<Filters>({ severity: "", unanswered: false, text: "" });
export const selected = ref<number | null>(null);
/** The row that stood at the top and how far below it, so that one comes back to where one was. */
export const place = { key: null as number | null, offset: 0, scrollY: 0 };

const first = (query: LocationQuery, name: string) => {
  const value = query[name];
  return (Array.isArray(value) ? value[0] : value) ?? "";
};
function read(query: LocationQuery): Filters {
  const severity = first(query, "severity") as Severity;
  return {
    severity: SEVERITIES.includes(severity) ? severity : "",
    unanswered: first(query, "unanswered") === "1",
    text: first(query, "q"),
  };
}
const write = (wanted: Filters): Record<string, string> => ({
  ...(wanted.severity && { severity: wanted.severity }),
  ...(wanted.unanswered && { unanswered: "1" }),
  ...(wanted.text && { q: wanted.text }),
});
const same = (a: Filters, b: Filters) => JSON.stringify(write(a)) === JSON.stringify(write(b));

/** Keep filters and address the same. An address without filters leaves those that were: one comes back to one's board. */
export function useFilters(): void {
  const route = useRoute();
  const router = useRouter();
  let timer: number | undefined;
  let leaving = false; // writing the address now would call back whoever has just clicked on a link
  onBeforeRouteLeave(() => {
    leaving = true;
  });
  const asked = read(route.query);
  if (Object.keys(write(asked)).length) Object.assign(filters, asked);
  let published = JSON.stringify(write(asked));
  const publish = () => {
    if (leaving || route.name !== "board" || same(read(route.query), filters)) return;
    published = JSON.stringify(write(filters));
    void router.replace({ query: write(filters), hash: route.hash });
  };
  refilter(filters);
  publish();
  watch(filters, () => {
    refilter(filters);
    window.clearTimeout(timer);
    timer = window.setTimeout(publish, WRITE_MS);
  });
  watch(
    () => route.query,
    (query) => {
      const found = read(query);
      if (route.name !== "board" || JSON.stringify(write(found)) === published) return;
      published = JSON.stringify(write(found));
      Object.assign(filters, found);
    },
  );
}
