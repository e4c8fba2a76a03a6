import { createRouter, createWebHistory } from "vue-router";
import { may, restore } from "./session";
import type { Permission } from "./types";

/** What the server asks of whoever opens a page; the first one allowed is where others are led. */
const NEEDS: Record<string, Permission> = {
  board: "alerts.read",
  alert: "alerts.read",
  homes: "homes.read",
  home: "homes.read",
  records: "records.read",
  devices: "devices.read",
  letters: "dead_letters.read",
  quieter: "people.health",
  policy: "people.health",
};
const allowed = (page: string): boolean => !(page in NEEDS) || may(NEEDS[page]!);

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (to) => (to.hash ? { el: to.hash, top: 80 } : false),
  routes: [
    { path: "/login", name: "login", component: () => import("./pages/LoginPage.vue") },
    { path: "/", name: "board", component: () => import("./pages/BoardPage.vue") },
    { path: "/alerts/:id(\\d+)", name: "alert", component: () => import("./pages/AlertPage.vue"), props: true },
    { path: "/homes", name: "homes", component: () => import("./pages/HomesPage.vue") },
    { path: "/homes/:id(\\d+)", name: "home", component: () => import("./pages/HomePage.vue"), props: true },
    { path: "/homes/:id(\\d+)/rules", name: "policy", component: () => import("./pages/PolicyPage.vue"), props: true },
    { path: "/records", name: "records", component: () => import("./pages/RecordsPage.vue") },
    { path: "/devices", name: "devices", component: () => import("./pages/DevicesPage.vue") },
    { path: "/rejected", name: "letters", component: () => import("./pages/LettersPage.vue") },
    { path: "/quieter", name: "quieter", component: () => import("./pages/QuieterPage.vue") },
    { path: "/sessions", name: "sessions", component: () => import("./pages/SessionsPage.vue") },
    { path: "/:rest(.*)", redirect: "/" },
  ],
});

router.beforeEach(async (to) => {
  if (to.name === "login") return true;
  const page = to.matched.at(-1)?.components?.default; // on its way while the server says who asks
  if (typeof page === "function") void (page as () => Promise<unknown>)().catch(() => undefined);
  const account = await restore();
  if (!account) return { name: "login", query: { next: to.fullPath } };
  if (!allowed(String(to.name))) return { name: ["board", "homes", "devices"].find(allowed) ?? "sessions" };
  return true;
});
