/** The page's colours for what is drawn on canvas, and a sign when the theme changes. */
import { ref } from "vue";

const root = document.documentElement;
export const theme = ref(root.dataset.theme);
new MutationObserver(() => {
  theme.value = root.dataset.theme;
}).observe(root, { attributeFilter: ["data-theme"] });

export function colours(): Record<"dim" | "line" | "link" | "urgent" | "emergency", string> {
  const style = getComputedStyle(root);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    dim: of("dim"),
    line: of("line"),
    link: of("link"),
    urgent: of("urgent"),
    emergency: of("emergency"),
  };
}
