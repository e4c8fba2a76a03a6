/** What the API says, by the names that pages use. schema.d.ts is written from its own document: `npm run types`. */
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Severity = Schemas["Severity"];
export type State = Schemas["State"];
export type Disposition = Schemas["Disposition"];
export const SEVERITIES: Severity[] = ["emergency", "urgent", "attention", "maintenance", "concern"];

export type Account = Schemas["Account"];
export type Alert = Schemas["Alert"];
export type AlertDetail = Schemas["AlertDetail"];
export type LastSign = Schemas["LastSign"];
export type RecentAlert = Schemas["RecentAlert"];
export type AlertEvent = Schemas["AlertEvent"];
export type Battery = Schemas["Battery"];
export type Catalogue = Schemas["Catalogue"];
export type CategoryItem = Schemas["CategoryItem"];
export type Contact = Schemas["Contact"];
export type Day = Schemas["HomeDay"];
/** A row of a list; in a home it brings its latest values. */
export type Device = Schemas["Device"] & Partial<Schemas["DeviceDetail"]>;
export type Door = Schemas["Door"];
export type ErrorTold = Schemas["Error"];
export type Health = Schemas["Health"];
export type History = Schemas["History"];
export type Home = Schemas["Home"];
export type HomeEdit = Schemas["HomeEdit"];
export type HomeRow = Schemas["HomeItem"];
export type Lane = Schemas["Lane"];
export type Latest = Schemas["Latest"];
export type Letter = Schemas["DeadLetter"];
export type Permission = Schemas["Permission"];
export type Person = Schemas["Person"];
export type PersonEdit = Schemas["PersonEdit"];
export type RulePolicy = Schemas["RulePolicy"];
export type RuleValue = Schemas["Value"];
export type Session = Schemas["Session"];
export type Setting = Schemas["Setting"];
export type Summary = Schemas["Summary"];

/** The data of the stream's event `alert`. The document has no schema for what a stream sends. */
export interface AlertChanged {
  event: AlertEvent;
  alert: Alert;
}
/** Every list has this shape, under a name for each kind of row. */
export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
