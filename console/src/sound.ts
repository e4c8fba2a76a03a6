/**
 * The desk's sounds: a siren while an emergency is unanswered, a soft chime every five minutes for what is urgent.
 * They are loops on the audio device's own clock. Nothing of the page has to run for them to go on: a hidden page's
 * timers come once a minute. Browsers allow sound only after a click or a key.
 */
import { computed, ref, watch } from "vue";
import { asking, cry } from "./asking";
import { now, serverNow } from "./clock";
import * as session from "./session";
import { health, lostSince } from "./stream";
import { CHIME, SIREN, TEST, render, type Tune } from "./tunes";

const MUTE_MS = 120_000;
const DEAF_AFTER = 15_000; // ms without a connection until that is said aloud too
export const enabled = ref(false);
export const mutedUntil = ref(0);
export const muted = computed(() => mutedUntil.value > now.value);

let context: AudioContext | null = null;
let playing: AudioBufferSourceNode | null = null;
const rendered = new Map<Tune, AudioBuffer>();

/** A desk that hears nothing has to be looked after as quickly as an urgent alert. */
const deaf = computed(
  () => session.over.value || (lostSince.value !== null && now.value - lostSince.value > DEAF_AFTER),
);
const emergencies = computed(() => [
  ...asking.value.emergency.map(cry),
  ...(health.value?.problems ?? []).filter((problem) => problem.aloud).map((problem) => problem.message_en),
]);
const urgents = computed(() => [...asking.value.urgent.map(cry), ...(deaf.value ? ["deaf"] : [])]);
export const wanted = computed(() => (emergencies.value.length ? SIREN : urgents.value.length ? CHIME : null));

/** Begin to be allowed to sound; to be called from a click or a key. */
export async function enable(): Promise<void> {
  if (!context) {
    context = new AudioContext();
    context.onstatechange = () => (enabled.value = context?.state === "running");
  }
  await context.resume();
}
export function mute(): void {
  mutedUntil.value = muted.value ? 0 : serverNow() + MUTE_MS;
}

function source(tune: Tune): AudioBufferSourceNode {
  if (!rendered.has(tune)) rendered.set(tune, render(context!, tune));
  const node = new AudioBufferSourceNode(context!, { buffer: rendered.get(tune)!, loop: tune.every !== null });
  node.connect(context!.destination);
  return node;
}
/** From the beginning: at once, or when the mute is over. */
function play(): void {
  playing?.stop();
  playing = null;
  if (!context || !enabled.value || !wanted.value) return;
  playing = source(wanted.value);
  playing.start(context.currentTime + Math.max(0, mutedUntil.value - serverNow()) / 1000);
}

const isNew = (after: string[], before: string[]) => {
  const old = new Set(before);
  return after.some((one) => !old.has(one));
};
const cries = ref(0); // each new one is heard at once, from the beginning
watch(emergencies, (after, before) => {
  if (!isNew(after, before)) return;
  mutedUntil.value = 0; // who muted knew nothing of this one
  cries.value += 1;
});
watch(urgents, (after, before) => {
  if (wanted.value === CHIME && isNew(after, before)) cries.value += 1;
});
watch([wanted, mutedUntil, enabled, cries], play);
watch(enabled, (yes) => {
  if (yes && !wanted.value) source(TEST).start();
});
