/** What the API says; see docs/api.md. */
export type Severity = "emergency" | "urgent" | "attention" | "maintenance" | "concern";
export type State = "open" | "acknowledged" | "dispatched" | "resolved";
export type Disposition = "real" | "false_alarm" | "test" | "device_fault";
export const SEVERITIES: Severity[] = ["emergency", "urgent", "attention", "maintenance", "concern"];

export interface Account {
  id: number;
  username: string;
  name: string;
  role: "operator" | "admin" | "vendor";
  area: string | null;
  area_name: string | null;
  vendor: unknown;
}
export interface Alert {
  id: number;
  rule: string;
  title_zh: string;
  title_en: string;
  severity: Severity;
  state: State;
  home: { id: number; code: string; address: string; area_path: string; area_name: string; person_name: string | null };
  device: { id: number; serial: string; type: string; type_zh: string; type_en: string; room: string } | null;
  occurred_at: string;
  opened_at: string;
  last_at: string;
  count: number;
  score: number;
  late: boolean;
  evidence: {
    text_zh?: string;
    text_en?: string;
    metric?: string;
    unit?: string;
    value?: number;
    limit?: number;
    since?: string;
  };
  episode_at: string;
  answered_before: boolean;
  cleared_at: string | null;
  suppressed_by: string | null;
  suppressed_until: string | null;
  handler: { id: number; name: string } | null;
  acknowledged_at: string | null;
  dispatched_at: string | null;
  resolved_at: string | null;
  disposition: string | null;
  asks_since: string | null;
  last_value: number | null;
  peak_value: number | null;
  resolved_by: { id: number; name: string } | null;
}
export interface LastSign {
  at: string;
  device_id: number;
  type_zh: string;
  type_en: string;
  room: string;
  metric: string;
  zh: string;
  en: string;
}
export interface RecentAlert {
  id: number;
  title_zh: string;
  title_en: string;
  severity: Severity;
  opened_at: string;
  resolved_at: string | null;
  disposition: string | null;
  handler: { id: number; name: string } | null;
}
export interface AlertEvent {
  id: number;
  at: string;
  kind: string;
  actor: { id: number; name: string } | null;
  note: string;
  data: Record<string, unknown>;
}
export interface Contact {
  position: number;
  name: string;
  role: string;
  phone: string;
}
export interface Person {
  name: string;
  born: string | null;
  age: number | null;
  sex: string | null;
  note: string;
}
export interface AlertDetail extends Alert {
  events: AlertEvent[];
  contacts: Contact[];
  residents: Person[];
  last_sign: LastSign | null;
  recent: RecentAlert[];
}
export interface Latest {
  metric: string;
  zh: string;
  en: string;
  unit: string;
  unit_zh: string;
  kind: string;
  value: number;
  ts: string;
  since: string;
}
export interface Device {
  id: number;
  serial: string;
  vendor: { id: number; code: string; name: string };
  type: string;
  type_zh: string;
  type_en: string;
  room: string;
  home: { id: number; code: string; address: string } | null;
  last_seen_at: string | null;
  silent: boolean;
  online: boolean | null;
  battery: number | null;
  retired_at: string | null;
  notes: { code: string; count: number; last_at: string }[];
  latest?: Latest[];
}
export interface HomeRow {
  id: number;
  code: string;
  address: string;
  area_name: string;
  person_name: string | null;
  devices: number;
  silent_devices: number;
  active_alerts: number;
  worst_severity: Severity | null;
  suppressed_alerts: number;
  last_life_at: string | null;
}
export interface Home {
  id: number;
  code: string;
  address: string;
  area_name: string;
  timezone: string;
  residents: Person[];
  contacts: Contact[];
  devices: Device[];
  baseline: { hour: number; gap_seconds: number; days: number }[];
  active_alerts: Alert[];
}
export interface Lane {
  device_id: number;
  type: string;
  type_zh: string;
  type_en: string;
  room: string;
  metric: string;
  zh: string;
  en: string;
  unit: string;
  unit_zh: string;
  kind: string;
  incomplete: boolean;
  points: [number, number][];
}
export interface Day {
  date: string;
  timezone: string;
  since: string;
  until: string;
  lanes: Lane[];
}
export interface Letter {
  id: number;
  received_at: string;
  last_at: string;
  vendor_code: string | null;
  topic: string;
  payload_text: string;
  code: string;
  reason: string;
  count: number;
  replay_requested_at: string | null;
  replayed_at: string | null;
  whole: boolean;
  urgent: boolean;
  answered_at: string | null;
  answered_by: string | null;
  answer: string;
}
export interface Session {
  id: number;
  label: string | null;
  agent: string;
  address: string;
  created_at: string;
  seen_at: string;
  expires_at: string;
  current: boolean;
}
export interface Health {
  status: "ok" | "degraded" | "down";
  problems: { code: string; message_zh: string; message_en: string; since: string | null; aloud: boolean }[];
  engine: { at: string | null; lag_seconds: number | null; alive: boolean };
  now: string;
  canary: { at: string; alive: boolean; round_trip_seconds: number | null; broken: string | null } | null;
}
export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
