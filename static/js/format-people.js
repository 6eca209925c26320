// How lists, phones, countries and languages read: part of format.js.

// E.164: the calling code, of one to three digits, and what is dialled behind it.
const PHONE = /^\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[1-9]\d{2})(\d+)$/;
// Threes, and fours at the end where threes leave one or two digits over.
const GROUP = /\d{3}(?=(?:\d{3})+$|(?:\d{3})*\d{4}$|(?:\d{3})*\d{8}$)|\d{4}(?=\d{4}$)/g;

export const PEOPLE = {
  list: joined,
  first,
  phones: (value) => joined(value.map(phone)),
  first_phone: (value) => first(value.map(phone)),
  country: (value, { words }) => named(words.names.countries, value) ?? value,
  language,
};

function joined(value) {
  return value.join(", ");
}

function first(value) {
  return value.length === 1 ? String(value[0]) : `${value[0]} +${value.length - 1}`;
}

/** Grouped for reading, by a rule that both halves can keep: each country's own need a library. */
const phone = (value) => value.replace(PHONE, (_, code, rest) => `+${code} ${rest.replace(GROUP, "$& ")}`);

/** By its tag: `pt-br` is known, `en-us` is English (United States), anything else stays as it was written. */
function language(value, { words }) {
  const { languages, countries } = words.names;
  const lowered = value.toLowerCase();
  const [tag, ...rest] = lowered.split("-"), base = named(languages, tag), region = named(countries, rest.join("-").toUpperCase());
  return named(languages, lowered) ?? (base && region ? `${base} (${region})` : value);
}

const named = (table, key) => (Object.hasOwn(table, key) ? table[key] : undefined);
