/** What the API says of the record and of what lists are filtered by. */
import type { components } from "../schema";

type Schemas = components["schemas"];
export type Record = Schemas["Record"];
export type RecordSummary = Schemas["RecordSummary"];
export type RecordChoices = Schemas["RecordChoices"];
export type DeviceChoices = Schemas["DeviceChoices"];
export const RESULTS: Schemas["Disposition"][] = ["real", "false_alarm", "test", "device_fault", "recovered"];
