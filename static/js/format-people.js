// How lists, phones, countries and languages read: part of format.js.

export const PEOPLE = {
  list: joined,
  first,
  phones: (value, wording) => joined(value.map((each) => phone(each, wording))),
  first_phone: (value, wording) => first(value.map((each) => phone(each, wording))),
  country: (value, { words }) => (Object.hasOwn(words.countries, value) ? words.countries[value] : named("region", value, words)),
  language,
};

function joined(value) {
  return value.join(", ");
}

function first(value) {
  return value.length === 1 ? String(value[0]) : `${value[0]} +${value.length - 1}`;
}

/** Grouped as its country does; what is no number (a masked one), and all without the library, stays as it was written. */
function phone(value, { phoneNumbers }) {
  return phoneNumbers?.parsePhoneNumberFromString(value, { extract: false })?.formatInternational() ?? value;
}

/** `en-us` is English (United States), with the page's name for a country that browsers name apart. */
function language(value, { words }) {
  const shown = named("language", value, words), place = value.split("-").at(-1).toUpperCase();
  if (!Object.hasOwn(words.countries, place)) return shown;
  return shown.replace(named("region", place, words).replace("(", "[").replace(")", "]"), words.countries[place]);
}

const tables = {};

/** What has no name, or is neither a code nor a tag, stays as it was written. */
function named(type, code, { language }) {
  tables[type + language] ??= new Intl.DisplayNames(language, { type, fallback: "none", languageDisplay: "standard" });
  try {
    return tables[type + language].of(code) ?? code;
  } catch {
    return code;
  }
}
