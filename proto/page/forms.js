/* SPDX-License-Identifier: EUPL-1.2 */
/* Fields, and what is said when something goes wrong or takes a while. */
import { make, newId } from "./dom.js";
import { has, sayBy, text, word, ZONE } from "./i18n.js";

/* A labelled control: {element, input}. `hint` is a key, or null. No control has a name, so that
 * no browser ever puts it in a URL. */
function wrap(label, input, hint) {
  const id = newId("field");
  input.id = id;
  const parts = [make("label", { for: id, say: label })];
  if (hint) {
    input.setAttribute("aria-describedby", `${id}-hint`);
    parts.push(make("p", { class: "hint", id: `${id}-hint`, say: hint }));
  }
  parts.push(input);
  return { element: make("div", { class: "field" }, ...parts), input };
}

export function textField(label, members = {}, hint = null) {
  return wrap(label, make("input", {
    type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "off", ...members,
  }), hint);
}

export function areaField(label, members = {}, hint = null) {
  return wrap(label, make("textarea", { spellcheck: "false", autocomplete: "off", ...members }),
    hint);
}

/* `options`: [value, how it is said]. */
export function choiceField(label, options, hint = null) {
  const input = make("select", { autocomplete: "off" },
    ...options.map(([value, how]) => make("option", { value, sayBy: how })));
  return wrap(label, input, hint);
}

/* Names that the log uses, with "any" first; in order of what they are called. */
export function nameChoice(label, kind, names) {
  const any = ["", () => text("any")];
  const sorted = [...names].sort((a, b) => word(kind, a).localeCompare(word(kind, b)));
  return choiceField(label, [any, ...sorted.map((name) => [name, () => word(kind, name)])]);
}

/* ---- times ---- */

/* What a clock in the Netherlands shows at that instant, as if it were UTC. */
function onDutchClock(instant) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: ZONE, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric", second: "numeric",
  }).formatToParts(instant);
  const of = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(of.year, of.month - 1, of.day, of.hour, of.minute, of.second);
}

/* The instant, as RFC 3339 in UTC, at which a Dutch clock shows what a datetime-local field holds;
 * "" for none. */
export function instantOf(local) {
  if (local === "") {
    return "";
  }
  const shown = Date.parse(`${local}Z`);
  let instant = shown;
  for (let i = 0; i < 2; i += 1) {
    instant -= onDutchClock(new Date(instant)) - shown;
  }
  return new Date(instant).toISOString();
}

/* What it shows at that instant, for such a field; and the day alone. */
export const dutchClock = (instant) => new Date(onDutchClock(instant)).toISOString().slice(0, 16);
export const dutchDay = (instant) => dutchClock(instant).slice(0, 10);

const EARLIEST = "1900-01-01T00:00";
const LATEST = "9999-12-31T23:59";

export function periodFields() {
  const members = { type: "datetime-local", min: EARLIEST, max: LATEST };
  return { from: textField("filter.from", members), to: textField("filter.to", members) };
}

/* {from, to}, as instantOf() has them; null where a field holds no such time, which is said there. */
export function readPeriod(fields) {
  const isWrong = ({ validity }) => validity.badInput || validity.rangeUnderflow ||
    validity.rangeOverflow;
  const wrong = [fields.from, fields.to].find(({ input }) => isWrong(input));
  if (wrong !== undefined) {
    fault(wrong, "fault.time");
    return null;
  }
  return { from: instantOf(fields.from.input.value), to: instantOf(fields.to.input.value) };
}

/* ---- numbers ---- */

/* The elfproef: a BSN is refused here before it leaves the page. */
export function isBsn(digits) {
  if (!/^\d{8,9}$/.test(digits)) {
    return false;
  }
  const all = digits.padStart(9, "0");
  const sum = [9, 8, 7, 6, 5, 4, 3, 2, -1].reduce((so, w, i) => so + w * Number(all[i]), 0);
  return sum % 11 === 0 && all !== "000000000";
}

/* ---- what is said to whoever waits ---- */

/* A fault of a field: said beside it, and the cursor put there. */
export function fault(field, key) {
  clearFault(field);
  field.element.closest("details")?.setAttribute("open", "");
  const id = `${field.input.id}-fault`;
  field.element.append(make("p", { class: "fault", id, role: "alert", say: key }));
  field.input.setAttribute("aria-invalid", "true");
  field.input.setAttribute("aria-errormessage", id);
  field.input.focus();
}

export function clearFault(field) {
  field.element.querySelector(".fault")?.remove();
  field.input.removeAttribute("aria-invalid");
  field.input.removeAttribute("aria-errormessage");
}

/* Says in `place` what went wrong, with a way to try again. `fault` is an ApiError, or a RangeError
 * of what could not be read. */
export function showFailure(place, failure, again = null) {
  const known = `failure.${failure.slug ?? failure.kind ?? "format"}`;
  const parts = [
    make("h3", { sayBy: () => (has(known) ? text(known) : failure.title ?? text("failure")) }),
  ];
  if (has(`${known}.text`)) {
    parts.push(make("p", { say: `${known}.text` }));
  }
  if (failure.kind === "problem") {
    parts.push(make("p", { class: "said", lang: "en" },
      `${failure.status} ${failure.title}: ${failure.detail}`));
  }
  if (failure.errors?.length > 0) {
    parts.push(make("ul", { lang: "en" }, ...failure.errors.map(({ pointer, detail }) =>
      make("li", {}, make("code", {}, String(pointer)), ` ${detail}`))));
  }
  if (again !== null) {
    parts.push(retryButton(failure.retryAfter ?? 0, again));
  }
  const panel = make("div", { class: "panel panel-bad", role: "alert", tabindex: "-1" }, ...parts);
  place.replaceChildren(panel);
  panel.focus();
}

/* Not to be pressed before the index wants to be asked again. */
function retryButton(seconds, again) {
  const button = make("button", { type: "button", say: "again", "on-click": again });
  const ready = Date.now() + seconds * 1000;
  const count = () => {
    const left = Math.ceil((ready - Date.now()) / 1000);
    button.disabled = left > 0;
    sayBy(button, () => (left > 0 ? text("again.in", { seconds: left }) : text("again")));
    if (left > 0 && (button.isConnected || left === seconds)) {
      setTimeout(count, 250);
    }
  };
  count();
  return button;
}

/* While a request runs its button is not to be pressed again: that would ask, and log, the same once
 * more. Who was on it is put back there, unless he went elsewhere meanwhile. */
export function setBusy(button, isBusy) {
  if (isBusy && document.activeElement === button) {
    button.dataset.hadFocus = "";
  }
  button.disabled = isBusy;
  if (!isBusy && "hadFocus" in button.dataset) {
    delete button.dataset.hadFocus;
    if (document.activeElement === document.body || document.activeElement === null) {
      button.focus();
    }
  }
}

export function showNote(place, key, values) {
  place.replaceChildren(make("p", { class: "panel", say: [key, values] }));
}

export function showBusy(place, key = "busy") {
  place.replaceChildren(make("p", { class: "panel panel-busy" },
    make("span", { class: "spinner", "aria-hidden": "true" }), make("span", { say: key })));
}
