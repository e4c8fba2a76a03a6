/** How high the page's sticky header is, so that what stands below it can be sticky too: `--header` on the root. */
import { onBeforeUnmount, onMounted, ref } from "vue";

export const headerHeight = ref(0); // px
export function useHeader(): void {
  const watcher = new ResizeObserver(([entry]) => {
    headerHeight.value = Math.round(entry.target.getBoundingClientRect().height);
    document.documentElement.style.setProperty("--header", `${headerHeight.value}px`);
  });
  onMounted(() => {
    const header = document.querySelector("header");
    if (header) watcher.observe(header);
  });
  onBeforeUnmount(() => watcher.disconnect());
}
