/* SPDX-License-Identifier: EUPL-1.2 */
/* The log, newest first, with filters; or what stands around one entry. */
import { getJson, postJson } from "./api.js";
import { make } from "./dom.js";
import { entryTable, isAsked } from "./entry.js";
import {
  choiceField, clearFault, fault, nameChoice, periodFields, readPeriod, setBusy, showBusy,
  showFailure, showNote, textField,
} from "./forms.js";
import { names, number, say } from "./i18n.js";

const LIMITS = [25, 50, 100, 250];
const AROUND = 10; /* entries on either side */

const OIN = /^[0-9A-Za-z]{20}$/;
const TRACE = /^[0-9a-f]{32}$/;

function makeFields() {
  return {
    ...periodFields(),
    event: nameChoice("filter.event", "event", names("event")),
    outcome: nameChoice("filter.outcome", "outcome", names("outcome")),
    party: textField("filter.party", { maxlength: 20, class: "code" }),
    professional: textField("filter.professional", { maxlength: 64 }, "hint.professional"),
    traceId: textField("filter.trace", { maxlength: 32, class: "code" }),
    caseReference: textField("filter.case", { maxlength: 64 }, "hint.case"),
    limit: choiceField("filter.limit", LIMITS.map((n) => [String(n), () => number(n)])),
  };
}

/* What is asked, or null where a field is not as it should be, which is said there. */
function readFilters(fields) {
  Object.values(fields).forEach(clearFault);
  const value = Object.fromEntries(Object.entries(fields)
    .map(([name, { input }]) => [name, input.value.trim()]));
  const faults = [
    ["party", value.party !== "" && !OIN.test(value.party), "fault.oin"],
    ["party", value.professional !== "" && value.party === "", "fault.partyNeeded"],
    ["traceId", value.traceId !== "" && !TRACE.test(value.traceId.toLowerCase()), "fault.trace"],
    ["caseReference", value.professional !== "" && value.caseReference === "", "fault.case"],
  ];
  const wrong = faults.find(([, is]) => is);
  if (wrong !== undefined) {
    fault(fields[wrong[0]], wrong[2]);
    return null;
  }
  const period = readPeriod(fields);
  return period === null ? null : { ...value, ...period,
    traceId: value.traceId.toLowerCase() };
}

/* Only what everybody may see goes into a URL; the rest is posted. */
function ask({ professional, caseReference, limit, ...open }, cursor) {
  if (professional === "") {
    return getJson("/v1/log-entries", { ...open, limit, cursor });
  }
  const all = { ...open, professional, caseReference, cursor };
  const body = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
  return postJson("/v1/log-entries/_search", { ...body, limit: Number(limit) });
}

export function create({ verifier }) {
  const fields = makeFields();
  const place = make("div", { class: "message", "aria-live": "polite" });
  const table = entryTable(verifier, "entries.caption");
  const about = make("p", { class: "about", role: "status" });
  const title = make("h3", { tabindex: "-1", say: "entries.newest" });
  const newer = make("button", { type: "button", say: "newer" });
  const older = make("button", { type: "button", say: "older" });
  const submit = make("button", { type: "submit", class: "main", say: "search" });
  const pager = make("nav", { class: "pager", "say-aria-label": "pager" }, newer, older);
  const results = make("section", { class: "results", hidden: true }, title, about,
    table.element, pager);
  let wasAsked = false;
  let pages = []; /* those that were read: going back asks, and logs, nothing */
  let at = 0;
  let turn = 0; /* an answer to an earlier question is dropped */

  /* Rows are held against what they were asked for with, whatever is asked meanwhile. */
  function show(page, marked = null, fits = (entry) => isAsked(entry, page.filters)) {
    place.replaceChildren();
    results.hidden = page.entries.length === 0;
    if (page.entries.length === 0) {
      showNote(place, "entries.none", { index: String(page.logIndex) });
    }
    newer.disabled = at === 0;
    older.disabled = page.next === null;
    about.replaceChildren(make("span", { say: ["page", { page: at + 1 }] }), " ",
      make("span", { class: "quiet", say: ["reading.logged", { index: String(page.logIndex) }] }));
    return table.show(page.entries, marked, fits);
  }

  function rest() {
    setBusy(submit, false);
    setBusy(older, false);
    older.disabled = at >= pages.length || pages[at].next === null;
  }

  async function load(work, afterwards, again) {
    turn += 1;
    const mine = turn;
    showBusy(place);
    setBusy(submit, true);
    setBusy(older, true);
    try {
      const { json, logIndex } = await work().finally(() => mine === turn && rest());
      if (mine === turn) {
        afterwards({ entries: json.logEntries, next: json.next, logIndex });
      }
    } catch (failure) {
      if (mine === turn) {
        showFailure(place, failure, again);
      }
    }
  }

  function loadPage(filters, cursor, moves) {
    return load(() => ask(filters, cursor), (answer) => {
      const page = { ...answer, filters };
      pages = cursor === "" ? [page] : [...pages, page];
      at = pages.length - 1;
      pager.hidden = false;
      say(title, "entries.newest");
      show(page);
      if (moves) {
        title.focus();
      }
    }, () => loadPage(filters, cursor, moves));
  }

  function search(moves) {
    const asked = readFilters(fields);
    if (asked !== null) {
      wasAsked = true;
      return loadPage(asked, "", moves);
    }
    return Promise.resolve();
  }

  /* The entry and those next to it. */
  function showAround(index) {
    const fromIndex = Math.max(0, index - AROUND);
    return load(() => getJson("/v1/log-entries",
      { fromIndex: String(fromIndex), limit: String(2 * AROUND + 1) }),
    (page) => {
      pages = [];
      at = 0;
      show({ ...page, entries: page.entries.toReversed() }, index,
        (entry) => entry.index >= fromIndex && entry.index <= fromIndex + 2 * AROUND);
      pager.hidden = true;
      say(title, "entries.around", { index: String(index) });
      results.querySelector(".marked")?.scrollIntoView({ block: "center" });
      title.focus({ preventScroll: true });
    }, () => showAround(index));
  }

  newer.addEventListener("click", () => {
    at -= 1;
    show(pages[at]);
    title.focus();
  });
  older.addEventListener("click", () => {
    if (at + 1 < pages.length) {
      at += 1;
      show(pages[at]);
      title.focus();
    } else {
      loadPage(pages[at].filters, pages[at].next, true);
    }
  });
  fields.limit.input.value = "50";
  const filled = () => {
    fields.caseReference.element.hidden = fields.professional.input.value.trim() === "";
  };
  fields.professional.input.addEventListener("input", filled);
  filled();

  const group = (...which) => make("div", { class: "fields" },
    ...which.map((name) => fields[name].element));
  const form = make("form", { class: "filters", novalidate: true, autocomplete: "off",
    "say-aria-label": "filters",
    "on-submit": (event) => {
      event.preventDefault();
      search(true);
    },
    "on-reset": () => setTimeout(() => {
      fields.limit.input.value = "50";
      filled();
    }),
  }, group("from", "to", "event", "outcome"),
  make("details", {}, make("summary", { say: "filters.more" }),
    group("party", "professional", "caseReference", "traceId", "limit")),
  make("div", { class: "buttons" }, submit, make("button", { type: "reset", say: "reset" })));

  return {
    element: make("div", {}, make("p", { class: "intro", say: "entries.intro" }), form, place,
      results),
    shown(index) {
      if (index !== undefined && /^\d{1,15}$/.test(index)) {
        showAround(Number(index));
      } else if (!wasAsked || pages.length === 0) {
        search(false);
      }
    },
    left() {},
  };
}
