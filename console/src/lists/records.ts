/** What the API says of the record; see docs/api.md. */
import type { Severity } from "../types";

export interface Actor {
  id: number;
  name: string;
}
export interface Record {
  id: number;
  rule: string;
  title_zh: string;
  title_en: string;
  text_zh: string;
  text_en: string;
  severity: Severity;
  home: { id: number; code: string; address: string; area_name: string; person_name: string };
  opened_at: string;
  acknowledged_at: string | null;
  resolved_at: string;
  answer_seconds: number | null;
  close_seconds: number;
  limit_seconds: number | null;
  breach: boolean;
  disposition: string;
  handler: Actor | null;
  resolved_by: Actor | null;
}
export interface RecordSummary {
  total: number;
  breaches: number;
  median_answer_seconds: number | null;
  by_severity: { severity: Severity; total: number; breaches: number; median_answer_seconds: number | null }[];
}
export interface RecordChoices {
  handlers: Actor[];
  rules: { name: string; title_zh: string; title_en: string }[];
}
export interface DeviceChoices {
  types: { code: string; zh: string; en: string }[];
  vendors: { code: string; name: string }[];
}
export const RESULTS = ["real", "false_alarm", "test", "device_fault", "recovered"];
