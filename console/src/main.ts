import "./ui/settle"; // first: it hears clicks and keys before all others
import { createApp } from "vue";
import App from "./App.vue";
import { whenUnauthorised } from "./api";
import { i18n, speak } from "./i18n";
import { router } from "./router";
import { account, over } from "./session";
import "./style.css";

document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "dark";
whenUnauthorised(() => {
  if (account.value) over.value = true; // the pages stay: the login form comes over them
});
void speak().then(() => createApp(App).use(i18n).use(router).mount("#app"));
