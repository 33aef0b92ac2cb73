/* SPDX-License-Identifier: EUPL-1.2 */
/* Making elements. Text goes in as text: nothing that came from the index is ever read as HTML. */
import { say, sayAttribute, sayBy } from "./i18n.js";

const SVG = "http://www.w3.org/2000/svg";

function fill(element, members, children) {
  for (const [name, value] of Object.entries(members)) {
    if (name === "say") {
      say(element, ...[value].flat());
    } else if (name === "sayBy") {
      sayBy(element, value);
    } else if (name.startsWith("say-")) {
      sayAttribute(element, name.slice("say-".length), ...[value].flat());
    } else if (name.startsWith("on-")) {
      element.addEventListener(name.slice("on-".length), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/* make("button", {type: "button", say: "search", "on-click": go}): `say` is a key of i18n.js, or a
 * list of key and values; `say-title` the same for an attribute. */
export function make(tag, members = {}, ...children) {
  return fill(document.createElement(tag), members, children);
}

export function draw(tag, members = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), members, children);
}

let made = 0;
export function newId(stem) {
  made += 1;
  return `${stem}-${made}`;
}

/* A mark that does not rely on colour: a sign, and words. `finding` is of verify.js. */
export function mark(finding) {
  const sign = { good: "\u2713", bad: "\u2717", open: "\u2013" }[finding.state];
  return make("span", { class: `mark mark-${finding.state}` },
    make("span", { class: "sign", "aria-hidden": "true" }, sign),
    make("span", { say: `mark.${finding.state}` }));
}

/* The same, with the reason beside it. */
export function explained(finding) {
  return make("span", { class: "explained" }, mark(finding),
    make("span", { class: "reason", say: [finding.reason, finding.values] }));
}
