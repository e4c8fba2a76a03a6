import { createApp } from "vue";
import App from "./App.vue";
import { whenUnauthorised } from "./api";
import { i18n } from "./i18n";
import * as stream from "./stream";
import { router } from "./router";
import { account } from "./session";
import "./style.css";

document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "dark";
whenUnauthorised(() => {
  account.value = null;
  stream.stop();
  const at = router.currentRoute.value;
  if (at.name !== "login") void router.push({ name: "login", query: { next: at.fullPath } });
});
createApp(App).use(i18n).use(router).mount("#app");
