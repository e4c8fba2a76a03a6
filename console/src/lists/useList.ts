/** A list that comes in pages. An answer to an older question is never shown, however late it comes. */
import { computed, ref, shallowRef, watch, type Ref } from "vue";

export interface ListPage<Row> {
  items: Row[];
  next_cursor: string | null;
  total?: number | null;
}
export type List<Row> = ReturnType<typeof useList<Row>>;

/** `question` changes when something else is asked; `ask` gets the page after the cursor, or the first. */
export function useList<Row>(question: Ref<unknown>, ask: (cursor: string | null) => Promise<ListPage<Row>>) {
  const rows = shallowRef<Row[]>([]);
  const cursor = ref<string | null>(null);
  const total = ref<number | null>(null);
  const loading = ref(true);
  const failure = ref<Error | null>(null); // it speaks the page's language
  const asked = ref(false); // once, with an answer
  let newest = 0;
  let lastWasMore = false;

  async function load(more = false): Promise<void> {
    const mine = ++newest;
    lastWasMore = more;
    loading.value = true;
    failure.value = null;
    try {
      const page = await ask(more ? cursor.value : null);
      if (mine !== newest) return;
      rows.value = more ? [...rows.value, ...page.items] : page.items;
      cursor.value = page.next_cursor;
      if (!more) total.value = page.total ?? null;
      asked.value = true;
    } catch (error) {
      if (mine !== newest) return;
      if (!more) rows.value = []; // they would stand below filters that they do not match
      failure.value = error as Error;
    }
    loading.value = false;
  }
  watch(question, () => void load(), { immediate: true });
  const empty = computed(() => asked.value && !loading.value && failure.value === null && !rows.value.length);
  return {
    rows,
    total,
    loading,
    failure,
    empty,
    hasMore: computed(() => cursor.value !== null),
    load,
    again: () => load(lastWasMore),
  };
}
