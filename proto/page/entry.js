/* SPDX-License-Identifier: EUPL-1.2 */
/* How an entry of the log is shown: in a table or a timeline, in short and in full. */
import { fromBase64, fromHex, toBytes, toHex } from "./checkpoint.js";
import { canonical } from "./canonical.js";
import { explained, make, mark, newId } from "./dom.js";
import { text, time, word } from "./i18n.js";
import { hashLeaf, sha256 } from "./merkle.js";
import { commitmentOf } from "./verify.js";

const PREFIX = "verwijsindex.";

/* One of the record's attributes that are the project's own; undefined when it is not there. */
export const own = (entry, name) => entry.record?.attributes?.[PREFIX + name];

/* Its event in words; of a destroyed one nobody knows which it was. */
export const eventWord = (name) => (name === null ? text("destroyed.event") : word("event", name));
export const eventOf = (entry) => entry.record?.name ?? null;
export const instantOfEntry = (entry) =>
  (entry.record === null ? null : new Date(entry.record.start_time));

const code = (value) => make("span", { class: "code" }, value);
const oin = (value) => make("span", { class: "code oin" }, value);
const line = (...parts) => make("div", { class: "line" }, ...parts);
const quiet = (key, values) => make("span", { class: "quiet", say: [key, values] });

/* `how` writes it: with its date, unless something else is asked. */
export function timeOf(entry, how = time) {
  const instant = instantOfEntry(entry);
  return instant === null ? quiet("time.destroyed")
    : make("time", { datetime: instant.toISOString(), sayBy: () => how(instant) });
}

/* Who did it: the party, and for whom; the operator; or the index by itself. */
export function whoOf(entry) {
  const party = own(entry, "party");
  const behalf = own(entry, "on_behalf_of");
  const uid = own(entry, "operator_uid");
  const lines = [];
  if (entry.record === null) {
    return [];
  }
  if (party !== undefined) {
    lines.push(line(oin(party)));
  }
  if (behalf !== undefined) {
    lines.push(line(quiet("on.behalf.of"), " ", oin(behalf)));
  }
  if (uid !== undefined) {
    lines.push(line(make("span", { say: ["operator", { uid: String(uid) }] })));
  }
  return lines.length > 0 ? lines : [line(quiet("by.itself"))];
}

/* "signal:0190-…" as "signaal 0190…": in short, as the whole is in the details. */
function objectOf(object) {
  const [kind, ...id] = object.split(":");
  const short = id.join(":");
  return [make("span", { sayBy: () => word("object", kind) }), " ",
    code(short.length > 13 ? `${short.slice(0, 8)}\u2026${short.slice(-4)}` : short)];
}

/* On what or whom it was. */
export function aboutOf(entry) {
  const [object, professional, count, reference, operation] =
    ["object", "professional", "count", "case_reference", "operation"]
      .map((name) => own(entry, name));
  const lines = [];
  if (entry.subject) {
    lines.push(make("div", { class: "line child" }, quiet("about.child"), " ",
      code(entry.subject.slice(0, 8))));
  }
  if (object !== undefined) {
    lines.push(line(...objectOf(object)));
  }
  if (professional !== undefined) {
    lines.push(line(quiet("about.professional"), " ", professional));
  }
  if (operation !== undefined) {
    lines.push(line(code(operation)));
  }
  if (count !== undefined) {
    lines.push(line(make("span", { say: ["about.count", { count }] })));
  }
  if (reference !== undefined) {
    lines.push(line(quiet("about.reference"), " ", reference));
  }
  return lines;
}

/* What happened, and how it ended if not well. */
export function whatOf(entry) {
  const parts = [make("span", { class: "event", sayBy: () => eventWord(eventOf(entry)) })];
  const outcome = own(entry, "outcome");
  if (outcome !== undefined && outcome !== "done") {
    parts.push(make("span", { class: "refused", sayBy: () =>
      text("refused", { outcome: word("outcome", outcome) }) }));
  }
  return parts;
}

/* ---- in full ---- */

function memberRows(members, prefix = "") {
  return Object.entries(members).flatMap(([name, value]) => {
    if (value !== null && typeof value === "object") {
      return memberRows(value, `${prefix}${name}.`);
    }
    return [make("div", {}, make("dt", {}, name.replace(PREFIX, "")),
      make("dd", {}, String(value)))];
  });
}

/* Each hash as it was computed here, so that it can be held against that of another program. */
async function stepsOf(entry, finding, head) {
  const steps = [];
  if (entry.record !== null) {
    steps.push(["step.record", await sha256(toBytes(canonical(entry.record)))]);
    steps.push(["step.subject", await sha256(fromBase64(entry.subjectSalt),
      fromHex(entry.subject ?? ""))]);
    steps.push(["step.commitment", await commitmentOf(entry)]);
  }
  steps.push(["step.disclosed", fromBase64(entry.commitment)]);
  steps.push(["step.leaf", await hashLeaf(fromBase64(entry.commitment))]);
  if (head !== null) {
    steps.push(["step.root", head.root, { size: head.size }]);
  }
  return make("div", { class: "steps" },
    make("p", {}, explained(finding)),
    make("dl", { class: "members" }, ...steps.map(([key, hash, values]) => make("div", {},
      make("dt", { say: [key, values] }), make("dd", { class: "code" }, toHex(hash))))));
}

const aroundLink = (entry, key) => make("a", { href: `#/entries/${entry.index}`,
  say: [key, { index: String(entry.index) }] });

function linksOf(entry) {
  const links = [aroundLink(entry, "around")];
  const party = own(entry, "on_behalf_of") ?? own(entry, "party");
  if (party !== undefined) {
    links.push(make("a", { href: `#/party/${party}`, say: ["activity.of", { party }] }));
  }
  return make("p", { class: "links" }, ...links);
}

async function wholeOf(entry, finding, head) {
  const parts = [];
  if (entry.record === null) {
    parts.push(make("p", { say: "destroyed.text" }));
  } else {
    const { attributes, ...members } = entry.record;
    parts.push(make("section", {}, make("h4", { say: "whole.record" }),
      make("dl", { class: "members" }, ...memberRows({ ...attributes, ...members }),
        ...(entry.subject ? memberRows({ subject: entry.subject }) : []))));
  }
  parts.push(make("section", {}, make("h4", { say: "whole.checked" }),
    await stepsOf(entry, finding, head).catch(() => make("p", {}, explained(finding)))));
  if (entry.record !== null) {
    parts.push(make("details", {}, make("summary", { say: "whole.canonical" }),
      make("pre", { tabindex: "0", "say-aria-label": "whole.canonical" },
        canonical(entry.record))));
  }
  parts.push(linksOf(entry));
  return parts;
}

/*
 * The button that shows the whole of an entry in `place`, and hides it again. `current` gives the
 * finding as it is by then.
 */
export function wholeButton(entry, place, current, verifier) {
  place.id = newId("whole");
  place.hidden = true;
  const button = make("button", {
    type: "button", class: "more", "aria-expanded": "false", "aria-controls": place.id,
    "say-aria-label": ["whole.of", { index: String(entry.index) }],
    "on-click": async () => {
      const opens = place.hidden;
      if (opens) {
        const target = place.querySelector(".whole");
        target.replaceChildren(...await wholeOf(entry, current(), verifier.head));
      }
      place.hidden = !opens;
      button.setAttribute("aria-expanded", String(opens));
    },
  }, make("span", { say: "whole" }));
  return button;
}

/* ---- what was found ---- */

/*
 * Whether an entry is one of what was asked: `asked` has the filters of the API that were given,
 * those that are "" or not known here aside. What a destroyed one said nobody knows, so that none is
 * found by anything but its time.
 */
export function isAsked(entry, { party = "", event = "", outcome = "", traceId = "",
  professional = "", from = "", to = "" }) {
  if (entry.record === null) {
    return [party, event, outcome, traceId, professional].every((value) => value === "");
  }
  const instant = instantOfEntry(entry);
  const fits = (value, ...found) => value === "" || found.includes(value);
  return fits(party, own(entry, "party"), own(entry, "on_behalf_of")) &&
    fits(event, eventOf(entry)) && fits(outcome, own(entry, "outcome")) &&
    fits(traceId, entry.record.trace_id) &&
    fits(professional, own(entry, "professional")) &&
    (from === "" || instant >= new Date(from)) && (to === "" || instant <= new Date(to));
}

/* Where the finding on an entry is shown: {entry, cell, check(), finding()}. `fits` says of an entry
 * whether it was asked for. */
export function findingOf(entry, verifier, fits = () => true) {
  let found = { state: "open", reason: "verdict.pending", values: {} };
  const cell = make("div", { class: "finding" });
  const show = () => {
    cell.replaceChildren(found.state === "good" ? mark(found) : explained(found));
    if (found.state === "good" && entry.record === null) {
      cell.append(make("span", { class: "reason", say: "verdict.destroyed.short" }));
    }
  };
  show();
  return {
    entry,
    cell,
    finding: () => found,
    check: async (oldestKept) => {
      found = await verifier.check(entry, oldestKept);
      if (found.state !== "bad" && !fits(entry)) {
        found = { state: "bad", reason: "verdict.notAsked", values: {} };
      }
      show();
      return found.state;
    },
  };
}

const NAMED_MAXIMUM = 10;

/* Checks all of them; {good, bad, open, gone}: how many, `gone` of the good ones being only places
 * of what was destroyed; and `which` are bad. */
export async function checkAll(findings) {
  const oldestKept = findings.reduce((least, { entry }) =>
    (entry.record === null ? least : Math.min(least, entry.index)), Infinity);
  const states = await Promise.all(findings.map((one) => one.check(oldestKept)));
  const count = (state) => states.filter((one) => one === state).length;
  const wrong = findings.filter((_, i) => states[i] === "bad").map(({ entry }) => entry.index);
  const which = wrong.slice(0, NAMED_MAXIMUM).join(", ") +
    (wrong.length > NAMED_MAXIMUM ? " \u2026" : "");
  const gone = findings.filter(({ entry }, i) => states[i] === "good" && entry.record === null);
  return { good: count("good"), bad: count("bad"), open: count("open"), gone: gone.length,
    which };
}

/* Says in `place` how many of those shown were checked here. */
export function showTally(place, tally) {
  const count = tally.good + tally.bad + tally.open;
  const state = tally.bad > 0 ? "bad" : tally.open > 0 ? "open" : "good";
  place.replaceChildren(make("p", { class: `tally tally-${state}` }, mark({ state }),
    make("span", { say: [`tally.${state}`, { ...tally, count }] }),
    tally.gone > 0 ? make("span", { say: ["tally.gone", tally] }) : null));
}

/* Checks the entries that stand there again whenever the checkpoint turns out to be wrong. */
export function watch(verifier, recheck) {
  let trusted = verifier.isTrusted;
  verifier.addEventListener("change", () => {
    if (trusted !== verifier.isTrusted) {
      trusted = verifier.isTrusted;
      recheck();
    }
  });
}

/* ---- as a table ---- */

const COLUMNS = ["column.index", "column.time", "column.event", "column.who", "column.about",
  "column.check", "column.whole"];

function rowsOf(entry, one, { verifier, marked, isLinked }) {
  const place = make("tr", { class: "details" },
    make("td", { colspan: COLUMNS.length }, make("div", { class: "whole" })));
  const button = wholeButton(entry, place, one.finding, verifier);
  const row = make("tr", { class: entry.index === marked ? "entry marked" : "entry",
    "data-index": entry.index, "aria-current": entry.index === marked ? "true" : null },
  make("th", { scope: "row", class: "number" }, String(entry.index)),
  make("td", { class: "time" }, timeOf(entry)), make("td", {}, ...whatOf(entry)),
  make("td", {}, ...whoOf(entry)),
  make("td", {}, ...aboutOf(entry), isLinked ? aroundLink(entry, "around.short") : null),
  make("td", {}, one.cell),
  make("td", { class: "action" }, button));
  return [row, place];
}

/* {element, show(entries, marked, fits)}; show() ends once all were checked. With `isLinked`, each row
 * leads to what stands around it. */
export function entryTable(verifier, caption, isLinked = false) {
  let findings = [];
  const body = make("tbody");
  const tally = make("div", { role: "status" });
  const table = make("table", { class: "entries" }, make("caption", { say: caption }),
    make("thead", {}, make("tr", {}, ...COLUMNS.map((key) =>
      make("th", { scope: "col", say: key })))),
    body);
  const element = make("div", {}, tally,
    make("div", { class: "scroll", role: "region", tabindex: "0", "say-aria-label": caption },
      table));
  const recheck = async () => {
    const asked = findings;
    const found = await checkAll(asked);
    if (asked === findings && asked.length > 0) {
      showTally(tally, found);
    }
  };
  watch(verifier, recheck);
  return {
    element,
    show(entries, marked = null, fits = undefined) {
      findings = entries.map((entry) => findingOf(entry, verifier, fits));
      tally.replaceChildren();
      body.replaceChildren(...entries.flatMap((entry, i) =>
        rowsOf(entry, findings[i], { verifier, marked, isLinked })));
      return recheck();
    },
  };
}
