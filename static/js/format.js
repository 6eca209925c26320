// How canonical values read: the JavaScript half of crm/records/formats.py, held against it by tests/crm/test_format.py.
// Pure: everything beside the value is in `wording`: {words, directory, now}, and libphonenumber as `phoneNumbers` where it is there.

import { PEOPLE } from "./format-people.js";
import { initials } from "./people.js";

const MINUTE = 60, HOUR = 3600, DAY = 86400;
// Up to this many seconds: times this factor, with so many digits, in this unit.
const DURATIONS = [
  [0.00995, 1000, 1, "milliseconds"], [0.9995, 1000, 0, "milliseconds"], [9.995, 1, 2, "seconds"], [119.95, 1, 1, "seconds"],
  [7170, 1 / MINUTE, 0, "minutes"], [Infinity, 1 / HOUR, 0, "hours"],
];
const FORMATS = {
  text: (value) => String(value),
  initials,
  relative,
  time: exact,
  clock: (value, { words }) => fillClock(words.clock, local(new Date(value), words)),
  date: day,
  number,
  badge: (value) => (value < 100 ? String(value) : "99+"),
  duration,
  age: (value, wording) => fill(wording.words.ago, { age: duration(value, wording) }),
  ...PEOPLE,
  user: (value, wording) => name("users", value, wording),
  team: (value, wording) => name("teams", value, wording),
  stage: (value, wording) => name("stages", value, wording),
  tag: (value, wording) => name("tags", value, wording),
  tags: (value, wording) => value.map((each) => name("tags", each, wording)).join(", "),
};

/** The text of a canonical value (ISO time, id, code, list, number); a dash for nothing. */
export function text(value, kind, wording) {
  const isNothing = value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);
  return isNothing ? wording.words.none : FORMATS[kind](value, wording);
}

export function relative(value, { words, now }) {
  const moment = new Date(value);
  const passed = (now - moment) / 1000;
  const distance = Math.abs(passed), side = passed > 0 ? "ago" : "ahead";
  if (distance < MINUTE) return words.just_now;
  if (distance < HOUR) return fill(words[`minutes_${side}`], { n: Math.floor(distance / MINUTE) });
  if (distance < DAY) return fill(words[`hours_${side}`], { n: Math.floor(distance / HOUR) });
  const here = local(moment, words), today = local(now, words);
  const days = (Date.UTC(here.year, here.month - 1, here.day) - Date.UTC(today.year, today.month - 1, today.day)) / 1000 / DAY;
  if (Math.abs(days) === 1) return days < 0 ? words.yesterday : words.tomorrow;
  return fillDate(here.year === today.year ? words.date_this_year : words.date, here, words);
}

export function exact(value, { words }) {
  const here = local(new Date(value), words);
  return fillClock(fillDate(words.exact, here, words), here);
}

/** Grouped, rounded half away from zero: whole numbers as they are, others to two digits unless told. */
export function number(value, { words }, digits) {
  const places = digits ?? (Number.isInteger(Number(value)) ? 0 : 2);
  const [whole, fraction] = Math.abs(value).toFixed(places).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, words.group) + (fraction ? words.decimal + fraction : "");
  return value < 0 && /[1-9]/.test(grouped) ? `-${grouped}` : grouped;
}

/** Seconds as a person reads them: 7.8 ms, 143 ms, 1.84 s, 12.1 s, 5 min, 3 h. */
export function duration(seconds, wording) {
  const [, factor, digits, unit] = DURATIONS.find(([limit]) => seconds < limit);
  return fill(wording.words[unit], { n: number(seconds * factor, wording, digits) });
}

export const entry = (kind, key, { directory }) => directory[kind]?.[key] ?? {};

const name = (kind, key, wording) => String(entry(kind, key, wording).name ?? key);

/** A date as it is; a moment by its day in the reader's zone. */
function day(value, { words }) {
  const [year, month, date] = value.split("-").map(Number);
  return fillDate(words.date, value.length === 10 ? { year, month, day: date } : local(new Date(value), words), words);
}

const clocks = {};

function local(moment, { zone }) {
  clocks[zone] ??= new Intl.DateTimeFormat("en", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
  });
  return Object.fromEntries(clocks[zone].formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
}

function fillDate(pattern, { year, month, day: date }, words) {
  return fill(pattern, { day: date, month: words.months[month - 1], number: month, year });
}

function fillClock(pattern, { hour, minute, second }) {
  return Object.entries({ hour, minute, second }).reduce((text, [key, part]) => fill(text, { [key]: String(part).padStart(2, "0") }), pattern);
}

const fill = (pattern, parts) => Object.entries(parts).reduce((text, [key, part]) => text.replaceAll(`{${key}}`, part), pattern);
