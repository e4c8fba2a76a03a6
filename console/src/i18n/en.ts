import type { zh } from "./zh";

export const en: typeof zh = {
  app: "Shouwang", board: "Board", homes: "Homes", devices: "Devices", letters: "Rejected messages", logout: "Log out", language: "中文",
  theme: "Light or dark", help: "Keys", search: "Search", loading: "Loading…", more: "More", none: "Nothing matches", error: "Something went wrong: {message}",
  login: { title: "Shouwang · duty login", username: "User name", password: "Password", submit: "Log in", failed: "Login failed: {message}" },
  severity: { emergency: "Emergency", urgent: "Urgent", attention: "Attention", maintenance: "Maintenance", concern: "Concern" },
  state: { open: "Unanswered", acknowledged: "Acknowledged", dispatched: "Dispatched", resolved: "Resolved" },
  disposition: { real: "Real", false_alarm: "False alarm", test: "Test", device_fault: "Device fault", recovered: "Recovered" },
  kind: {
    opened: "Raised", raised: "Raised again", severity: "Made worse", cleared: "Cleared", returned: "Came back", suppressed: "Suppressed", unsuppressed: "Unsuppressed",
    acknowledged: "Acknowledged", dispatched: "Dispatched", resolved: "Resolved", comment: "Comment",
  },
  live: { on: "Live", lost: "Connection to the server lost {span} ago. What you see may be stale; reconnecting…", stale: "may be stale" },
  sound: { enable: "Click to enable the alarm sound", mute: "Mute for 2 min", muted: "Muted", on: "Sound on" },
  quiet: { title: "All is quiet", text: "No alert waits for anybody.", watch: "The watch is alive; last checked at {time}", unknown: "Waiting for the system's state…" },
  alert: {
    acknowledge: "Acknowledge", dispatch: "Dispatch", resolve: "Resolve", comment: "Add comment", open: "Open", happened: "Happened", opened: "Raised", age: "Age",
    count: "Count", why: "Why", call: "Whom to call", history: "History", person: "Person", chart: "Before and after", note: "Note (optional)", noteNeeded: "Comment",
    result: "Result", late: "late", cleared: "cleared", suppressed: "suppressed", by: "with {name}", system: "System", conflict: "Not done: {name} has already {state} at {time}",
    conflictPlain: "Not done: the alert is “{state}”", save: "Save", cancel: "Cancel", device: "Device", years: "{n} years", limit: "limit", noChart: "This device has nothing to draw",
  },
  filter: { all: "All", unanswered: "Unanswered only", text: "Area, address, name…" },
  home: { person: "Person", address: "Address", devices: "Devices", silent: "Silent", alerts: "Alerts", life: "Last activity", day: "A day's rhythm", date: "Date", baseline: "Usual longest silence", latest: "Latest values", empty: "No data on this day" },
  device: { serial: "Serial", type: "Type", vendor: "Vendor", room: "Room", home: "Home", seen: "Last heard", battery: "Battery", status: "Status", online: "online", offline: "offline", silent: "silent", normal: "fine", onlySilent: "Silent only", lowBattery: "Low battery only", never: "never" },
  letter: { at: "Time", topic: "Topic", reason: "Reason", count: "Count", payload: "Payload", replay: "Replay", requested: "Requested", replayed: "Replayed", empty: "No message was rejected" },
  keys: { move: "move up and down", acknowledge: "acknowledge", open: "open", search: "search", board: "to the board", mute: "mute", help: "this help", close: "Close" },
  yes: "yes", no: "no",
};
