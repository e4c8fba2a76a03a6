/** What a list is filtered by, kept in the address: it survives opening an item and coming back, and can be sent to a colleague. */
import { computed, nextTick, reactive, watch } from "vue";
import { onBeforeRouteLeave, useRoute, useRouter, type LocationQuery } from "vue-router";

const TYPING_MS = 250; // typing asks the server once, when the hand rests

export function useFilters<Names extends string>(names: readonly Names[]) {
  const route = useRoute();
  const router = useRouter();
  const here = route.path;
  const said = (query: LocationQuery, name: Names) => {
    const value = query[name];
    return typeof value === "string" ? value : "";
  };
  const filters = reactive(Object.fromEntries(names.map((name) => [name, said(route.query, name)]))) as Record<
    Names,
    string
  >;
  const set = computed(() => Object.fromEntries(names.filter((name) => filters[name]).map((n) => [n, filters[n]])));
  const asked = computed(() => names.map((name) => said(route.query, name)).join("\0"));
  let timer: number | undefined;
  let telling = 0; // the address follows the filters, and not they it
  let leaving = false; // telling the address now would call back whoever has just clicked on a link
  onBeforeRouteLeave(() => {
    leaving = true;
  });

  /** Tell the address, and with it the list, now. */
  async function apply(): Promise<void> {
    window.clearTimeout(timer);
    if (leaving || route.path !== here) return;
    telling += 1;
    await router.replace({ query: set.value, hash: route.hash });
    await nextTick();
    telling -= 1;
  }
  function clear(): void {
    for (const name of names) filters[name] = "";
    void apply();
  }
  watch(
    () => ({ ...filters }),
    (now, before) => {
      window.clearTimeout(timer);
      timer = window.setTimeout(
        () => void apply(),
        names.some((name) => name === "q" && now[name] !== before[name]) ? TYPING_MS : 0,
      );
    },
  );
  watch(asked, () => {
    if (route.path !== here || telling) return; // the page is being left, or has just told the address itself
    for (const name of names) filters[name] = said(route.query, name);
  });
  /** The filters that the address names: what the list is to show. */
  const query = () => Object.fromEntries(names.map((name) => [name, said(route.query, name)])) as Record<Names, string>;
  return { filters, set, asked, query, apply, clear };
}
