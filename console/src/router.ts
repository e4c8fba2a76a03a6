import { createRouter, createWebHistory } from "vue-router";
import { restore } from "./session";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/login", name: "login", component: () => import("./pages/LoginPage.vue") },
    { path: "/", name: "board", component: () => import("./pages/BoardPage.vue") },
    { path: "/alerts/:id(\\d+)", name: "alert", component: () => import("./pages/AlertPage.vue"), props: true },
    { path: "/homes", name: "homes", component: () => import("./pages/HomesPage.vue") },
    { path: "/homes/:id(\\d+)", name: "home", component: () => import("./pages/HomePage.vue"), props: true },
    { path: "/records", name: "records", component: () => import("./pages/RecordsPage.vue") },
    { path: "/devices", name: "devices", component: () => import("./pages/DevicesPage.vue"), meta: { vendor: true } },
    { path: "/rejected", name: "letters", component: () => import("./pages/LettersPage.vue"), meta: { vendor: true } },
    {
      path: "/sessions",
      name: "sessions",
      component: () => import("./pages/SessionsPage.vue"),
      meta: { vendor: true },
    },
    { path: "/:rest(.*)", redirect: "/" },
  ],
});

router.beforeEach(async (to) => {
  if (to.name === "login") return true;
  const account = await restore();
  if (!account) return { name: "login", query: { next: to.fullPath } };
  if (account.role === "vendor" && !to.meta.vendor) return { name: "devices" };
  return true;
});
