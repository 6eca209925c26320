// How people and companies stand on a page in short: their initials and their colour. The other half is crm/records/formats.py.

const ONE_CHARACTER_NAMES = [[0x2e80, 0x9fff], [0xac00, 0xd7af], [0xf900, 0xfaff], [0x20000, 0x3ffff]];

/** 王 for 王小明, ML for Marta Lindqvist, ? for a name without letters. */
export function initials(fullName) {
  const words = fullName.split(/\s+/u).map((word) => word.match(/[\p{L}\p{N}]/gu)).filter(Boolean);
  if (!words.length) return "?";
  const first = words[0][0], code = first.codePointAt(0);
  const isAlone = words.length === 1 || ONE_CHARACTER_NAMES.some(([low, high]) => low <= code && code <= high);
  return (isAlone ? first : first + words.at(-1)[0]).toUpperCase();
}

/** The class that colours an avatar: the same for a record everywhere and always. */
export const colorClass = (id) => `c-${id % 10}`;
