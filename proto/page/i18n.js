/* SPDX-License-Identifier: EUPL-1.2 */
/* Dutch and English. What was said in an element is said again when the language changes, so that
 * nothing needs to be drawn, asked or filled in anew. */
import en from "./en.js";
import * as memory from "./memory.js";
import nl from "./nl.js";

const LANGUAGES = { nl, en };
const LOCALES = { nl: "nl-NL", en: "en-GB" };
export const ZONE = "Europe/Amsterdam";

let current = "nl";
const said = new WeakMap(); /* element -> what stands in its text and its attributes */
const listeners = [];

export const language = () => current;

export function has(key) {
  return Object.hasOwn(LANGUAGES[current], key);
}

/* All names of a kind that have words here: names("event"). */
export function names(kind) {
  return Object.keys(en).filter((key) => key.startsWith(`${kind}.`))
    .map((key) => key.slice(kind.length + 1));
}

/* The text of a key, with "{name}" replaced by the values: numbers and dates as the language writes
 * them. */
export function text(key, values = {}) {
  const pattern = LANGUAGES[current][key] ?? key;
  return pattern.replace(/\{(\w+)\}/g, (_, name) => write(values[name]));
}

function write(value) {
  if (typeof value === "number") {
    return number(value);
  }
  return value instanceof Date ? time(value) : String(value);
}

export const number = (value) => value.toLocaleString(LOCALES[current]);

export function time(date) {
  return date.toLocaleString(LOCALES[current], {
    timeZone: ZONE, day: "numeric", month: "short", year: "numeric",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
}

export function clock(date) {
  return date.toLocaleTimeString(LOCALES[current], { timeZone: ZONE });
}

export function day(date, style = {}) {
  return date.toLocaleDateString(LOCALES[current], {
    timeZone: ZONE, weekday: "long", day: "numeric", month: "long", year: "numeric", ...style,
  });
}

/* `how` gives what an attribute, or the text (""), of the element is in the current language. */
function keep(element, attribute, how) {
  if (!said.has(element)) {
    said.set(element, new Map());
  }
  said.get(element).set(attribute, how);
  apply(element, attribute, how);
}

function apply(element, attribute, how) {
  if (attribute === "") {
    element.textContent = how();
  } else {
    element.setAttribute(attribute, how());
  }
}

export function say(element, key, values) {
  keep(element, "", () => text(key, values));
  return element;
}

export function sayBy(element, how) {
  keep(element, "", how);
  return element;
}

export function sayAttribute(element, attribute, key, values) {
  keep(element, attribute, () => text(key, values));
  return element;
}

/* For what is drawn rather than said. */
export function onLanguage(listener) {
  listeners.push(listener);
}

/* A name that the log uses, in words; as it is when there are none. */
export function word(kind, name) {
  const key = `${kind}.${name}`;
  return has(key) ? text(key) : name;
}

export function chooseLanguage(chosen) {
  current = Object.hasOwn(LANGUAGES, chosen) ? chosen : "nl";
  document.documentElement.lang = current;
  for (const element of document.querySelectorAll("*")) {
    said.get(element)?.forEach((how, attribute) => apply(element, attribute, how));
  }
  listeners.forEach((listener) => listener());
}

/* The one that was chosen before, else the browser's. */
export function firstLanguage() {
  const kept = memory.recallLanguage();
  if (Object.hasOwn(LANGUAGES, kept)) {
    return kept;
  }
  const wanted = navigator.languages.map((tag) => tag.split("-")[0]);
  return wanted.find((tag) => Object.hasOwn(LANGUAGES, tag)) ?? "en";
}
