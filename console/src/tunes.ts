/** The sounds as notes, and notes as samples. */
interface Note {
  at: number; // s
  hertz: number;
  lasts: number; // s
  loud: number; // 0 to 1
}
export interface Tune {
  notes: Note[];
  every: number | null; // s from one beginning to the next; null: once
}
const RATE = 8000; // samples a second: enough for these, and five minutes of pause are 10 MB
const EDGE = 0.02; // s in which a note swells and fades, so that it does not click

const row = (hertz: number[], lasts: number, loud: number): Note[] =>
  hertz.map((one, index) => ({ at: index * (lasts + 0.02), hertz: one, lasts, loud }));

export const SIREN: Tune = { notes: row([880, 660, 880], 0.3, 0.35), every: 2.5 };
export const CHIME: Tune = { notes: row([587, 440], 0.5, 0.12), every: 300 };
export const TEST: Tune = { notes: row([523, 659, 784], 0.18, 0.25), every: null };

export function render(context: BaseAudioContext, tune: Tune): AudioBuffer {
  const last = tune.notes[tune.notes.length - 1]!;
  const buffer = context.createBuffer(1, Math.ceil((tune.every ?? last.at + last.lasts) * RATE), RATE);
  const samples = buffer.getChannelData(0);
  for (const { at, hertz, lasts, loud } of tune.notes) {
    const from = Math.round(at * RATE);
    for (let index = 0; index < lasts * RATE; index += 1) {
      const second = index / RATE;
      const edge = Math.min(1, second / EDGE, (lasts - second) / EDGE);
      samples[from + index] = loud * edge * Math.sin(2 * Math.PI * hertz * second);
    }
  }
  return buffer;
}
