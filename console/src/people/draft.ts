/** A home as its form holds it: every field there, empty ones as "". */
import type { Home, HomeEdit, Person, PersonEdit } from "../types";

type Contacts = NonNullable<HomeEdit["contacts"]>;
/** On record already, and to be deleted when the form is saved. */
interface Fate {
  known: boolean;
  dropped: boolean;
}
export type ContactDraft = Required<Contacts[number]> & Fate & { others: string };
/** `numbers` is the list of telephone numbers, a line each. */
export type PersonDraft = Required<PersonEdit> & Fate & { numbers: string };
export interface Draft {
  address: string;
  key_place: string;
  dog: string;
  latitude: string;
  longitude: string;
  residents: PersonDraft[];
  contacts: ContactDraft[];
}

const NOBODY: Omit<PersonDraft, "id"> = {
  name: "",
  born: null,
  sex: null,
  note: "",
  phones: [],
  numbers: "",
  illnesses: "",
  medication: "",
  language: "",
  categories: [],
  ability: null,
  ability_on: null,
  self_care: null,
  self_care_on: null,
  spo2_scale: 1,
  carer: "",
  carer_since: null,
  carer_until: null,
  known: false,
  dropped: false,
};
export const nobody = (): PersonDraft => ({ id: null, ...NOBODY, phones: [], categories: [] });
export const noContact = (): ContactDraft => ({
  name: "",
  role: "",
  phone: "",
  other_phones: [],
  others: "",
  relation: "",
  hours: "",
  holds_key: false,
  known: false,
  dropped: false,
});

/** Somebody new goes at once, somebody on record when the form is saved. */
export function drop<One extends Fate>(list: One[], index: number): void {
  if (list[index].known) list[index].dropped = true;
  else list.splice(index, 1);
}

function drafted(person: Person): PersonDraft {
  const known = Object.fromEntries(Object.entries(person).filter(([name, value]) => name in NOBODY && value !== null));
  const categories = person.categories?.map((one) => one.code) ?? [];
  return {
    ...nobody(),
    ...known,
    id: person.id,
    known: true,
    name: person.name,
    categories,
    numbers: (person.phones ?? []).join("\n"),
  };
}

export function draftOf(home: Home): Draft {
  const { key_place, dog, latitude, longitude } = home.door;
  return {
    address: home.address,
    key_place: key_place ?? "",
    dog: dog ?? "",
    latitude: String(latitude ?? ""),
    longitude: String(longitude ?? ""),
    residents: home.residents.map(drafted),
    contacts: home.contacts.map(({ position: _, ...one }) => ({
      ...one,
      others: one.other_phones.join("\n"),
      known: true,
      dropped: false,
    })),
  };
}

const lines = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
const number = (text: string) => (String(text).trim() === "" ? null : Number(text));

/** What is sent: all that this account may see, and nothing of what it may not. */
export function edited(draft: Draft, home: Home): HomeEdit {
  const hidden = new Set(home.hidden);
  const seen = <T extends object>(fields: T) =>
    Object.fromEntries(
      Object.entries(fields)
        .filter(([name]) => !hidden.has(name))
        .map(empty),
    ) as T;
  const residents = draft.residents
    .filter((one) => !one.dropped)
    .map(({ numbers, known: _, dropped: __, ...one }) => seen({ ...one, phones: lines(numbers) }));
  const contacts = draft.contacts
    .filter((one) => !one.dropped)
    .map(({ others, known: _, dropped: __, ...one }) => ({ ...one, other_phones: lines(others) }));
  const { address, key_place, dog, latitude, longitude } = draft;
  const door = seen({ key_place, dog, latitude: number(latitude), longitude: number(longitude) });
  const called = hidden.has("contacts") ? {} : { contacts };
  return { revision: home.revision, address, ...door, residents, ...called } as HomeEdit;
}
/** Native fields say "" where nothing is chosen. */
const NULLABLE = ["born", "sex", "ability", "ability_on", "self_care_on", "carer_since", "carer_until"];
const empty = ([name, value]: [string, unknown]): [string, unknown] => [
  name,
  value === "" && NULLABLE.includes(name) ? null : value,
];
