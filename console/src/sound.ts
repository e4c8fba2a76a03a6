/** The emergency's sound: repeated while one is unanswered. Browsers allow it only after a click, and mute is short. */
import { computed, ref, watch } from "vue";
import { unanswered } from "./alerts";
import { health, now } from "./stream";

const MUTE_MS = 120_000;
const EVERY_MS = 2500;
let context: AudioContext | null = null;
let last = 0;
export const enabled = ref(false);
export const mutedUntil = ref(0);
export const muted = computed(() => mutedUntil.value > now.value);
export const ringing = computed(
  () =>
    unanswered.value.some((alert) => alert.severity === "emergency") ||
    (health.value?.problems ?? []).some((problem) => problem.aloud),
);

export async function enable(): Promise<void> {
  context ??= new AudioContext();
  await context.resume();
  enabled.value = context.state === "running";
}
export function mute(): void {
  mutedUntil.value = muted.value ? 0 : Date.now() + MUTE_MS;
}
function beep(at: number, frequency: number): void {
  if (!context) return;
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.3, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.28);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + 0.3);
}
watch(now, (moment) => {
  if (!ringing.value || muted.value || !enabled.value || !context || moment - last < EVERY_MS) return;
  last = moment;
  [880, 660, 880].forEach((frequency, index) => beep(context!.currentTime + index * 0.32, frequency));
});
