/* SPDX-License-Identifier: EUPL-1.2 */
/* The page around the views: which one is shown, in which language, and how the log stands. */
import { getJson } from "./api.js";
import * as child from "./child.js";
import { explained, make } from "./dom.js";
import * as entries from "./entries.js";
import * as flags from "./flags.js";
import { showFailure } from "./forms.js";
import * as head from "./head.js";
import {
  chooseLanguage, firstLanguage, language, say, sayAttribute, sayBy, text, time,
} from "./i18n.js";
import * as memory from "./memory.js";
import * as party from "./party.js";
import { Verifier } from "./verify.js";

const VIEWS = { entries, child, party, flags, checkpoint: head };

const find = (id) => document.getElementById(id);
const verifier = new Verifier();
const made = Object.create(null); /* the views that were visited: {section, heading, view, link} */
let current = null;

/* ---- views ---- */

function makeView(name) {
  const view = VIEWS[name].create({ verifier });
  const heading = make("h2", { tabindex: "-1", say: `view.${name}` });
  const section = make("section", { class: `view view-${name}`, hidden: true }, heading,
    view.element);
  find("content").append(section);
  return { section, heading, view };
}

function makeLinks() {
  find("views").replaceChildren(...Object.keys(VIEWS).map((name) =>
    make("li", {}, make("a", { href: `#/${name}`, "data-view": name, say: `view.${name}` }))));
}

/* The address holds which view it is, and of an entry its number or of a party its OIN: never
 * anything of a child. */
function showAddressed(isFirst) {
  const [, name = "entries", detail] = location.hash.split("/");
  if (!Object.hasOwn(VIEWS, name)) {
    location.replace("#/entries");
    return;
  }
  made[name] ??= makeView(name);
  if (current !== null && current !== name) {
    made[current].view.left();
    made[current].section.hidden = true;
  }
  current = name;
  made[name].section.hidden = false;
  for (const link of find("views").querySelectorAll("a")) {
    if (link.dataset.view === name) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  }
  sayBy(document.querySelector("title"), () => `${text(`view.${name}`)} \u00b7 Verwijsindex`);
  if (!isFirst) {
    made[name].heading.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
  made[name].view.shown(detail);
}

/* ---- how the log stands ---- */

function showStanding() {
  const { head: now } = verifier;
  const place = find("standing");
  place.replaceChildren(
    make("a", { href: "#/checkpoint", say: ["standing.size", { size: now.size }] }),
    make("span", { class: "part" }, make("span", { say: "standing.signature" }),
      explained(now.signature)),
    make("span", { class: "part" }, make("span", { say: "standing.history" }),
      explained(now.history)));
  place.parentElement.classList.toggle("alarm", !verifier.isTrusted);
}

async function start() {
  await verifier.takeKeys(memory.recallKeys());
  try {
    await verifier.refresh();
  } catch (failure) {
    showFailure(find("standing"), failure, start);
  }
}

async function showWho() {
  try {
    const { json } = await getJson("/v1/parties/self");
    find("who").replaceChildren(make("span", { class: "quiet", say: "who" }), " ",
      make("b", {}, json.name), " ", make("span", { class: "code" }, json.oin));
  } catch {
    /* Who it is stands in the certificate too; whatever is wrong, the view will say. */
  }
}

/* ---- language ---- */

function sayPage() {
  for (const element of document.querySelectorAll("[data-say]")) {
    say(element, element.dataset.say);
  }
  for (const element of document.querySelectorAll("[data-say-label]")) {
    sayAttribute(element, "aria-label", element.dataset.sayLabel);
  }
}

function choose(chosen) {
  chooseLanguage(chosen);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language()));
  }
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    choose(button.dataset.language);
    memory.keepLanguage(button.dataset.language);
  });
}

/* The address is that of the view, which a link to the content would take away. */
find("skip").addEventListener("click", (event) => {
  event.preventDefault();
  find("content").focus();
});
window.addEventListener("hashchange", () => showAddressed(false));
window.addEventListener("beforeprint", () => {
  find("printed").textContent = text("printed", { time: time(new Date()) });
});
verifier.addEventListener("change", showStanding);

makeLinks();
choose(firstLanguage());
sayPage();
showWho();
start();
showAddressed(true);
