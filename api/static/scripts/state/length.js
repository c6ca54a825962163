// Word counts, and the length that a notebook asks for.

import { counted } from "./announcements.js";

export function wordCount(text) {
  return text.split(/\s+/u).filter(Boolean).length;
}

/** The length of the prompt that the notebook asks for (`20 - 50 words`, `Above 500 words`): {min, max, words}; null if none. */
export function wantedLength(metadata) {
  const key = Object.keys(metadata).find((name) => name.toLowerCase() === "user prompt length");
  const words = key ? metadata[key] : "";
  const numbers = (words.match(/\d[\d,]*/g) ?? []).map((number) => Number(number.replaceAll(",", "")));
  if (numbers.length >= 2) return { min: numbers[0], max: numbers[1], words };
  if (numbers.length === 0) return null;
  return /above|over|more|at least|>/i.test(words) ? { min: numbers[0] + 1, max: Infinity, words } : { min: 0, max: numbers[0], words };
}

export function fitsLength(count, wanted) {
  return wanted === null || (count >= wanted.min && count <= wanted.max);
}

/** "30 words, as wanted: 20 - 50 words", "0 words; wanted: Above 500 words", or the count alone. */
export function lengthWords(count, wanted) {
  if (wanted === null) return counted(count, "word");
  return `${counted(count, "word")}${fitsLength(count, wanted) ? ", as" : ";"} wanted: ${wanted.words}`;
}
