/* SPDX-License-Identifier: EUPL-1.2 */
/* What one party did over time: how many entries a day or a month, as bars and as a table. */
import { getJson } from "./api.js";
import { drawChart } from "./chart.js";
import { make, mark } from "./dom.js";
import { checkAll, eventOf, eventWord, findingOf, isAsked, own, watch } from "./entry.js";
import {
  choiceField, clearFault, dutchDay, fault, periodFields, readPeriod, setBusy, showBusy,
  showFailure, showNote, textField,
} from "./forms.js";
import { day, number, onLanguage, text } from "./i18n.js";

const PAGE = 500;
const ENTRIES_MAXIMUM = 2500; /* five readings, each of them an entry in the log */
const DAYS_MAXIMUM = 92; /* shown as days; beyond, as months */
const OIN = /^[0-9A-Za-z]{20}$/;

const dayOf = (entry) => dutchDay(new Date(entry.record.start_time));
const noon = (date) => new Date(`${date.length === 7 ? `${date}-15` : date}T12:00:00Z`);

function nextDay(date) {
  const then = noon(date);
  then.setUTCDate(then.getUTCDate() + 1);
  return then.toISOString().slice(0, 10);
}

function nextMonth(month) {
  const [year, number_] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number_, 15)).toISOString().slice(0, 7);
}

/* Every day or month from the first entry to the last, those without any too. */
function bucketsOf(found, unit) {
  const dated = found.filter(({ entry }) => entry.record !== null);
  const keyOf = ({ entry }) => dayOf(entry).slice(0, unit === "day" ? 10 : 7);
  const keys = dated.map(keyOf).sort();
  const buckets = new Map();
  const last = keys[keys.length - 1];
  for (let key = keys[0]; key !== undefined && key <= last;
    key = unit === "day" ? nextDay(key) : nextMonth(key)) {
    buckets.set(key, { key, count: 0, refused: 0, good: 0, bad: 0, open: 0 });
  }
  for (const one of dated) {
    const bucket = buckets.get(keyOf(one));
    bucket.count += 1;
    bucket.refused += own(one.entry, "outcome") === "done" ? 0 : 1;
    bucket[one.finding().state] += 1;
  }
  return [...buckets.values()];
}

function unitFor(found, chosen) {
  const dates = found.filter(({ entry }) => entry.record !== null)
    .map(({ entry }) => dayOf(entry)).sort();
  if (chosen !== "" || dates.length === 0) {
    return chosen || "day";
  }
  const days = (noon(dates[dates.length - 1]) - noon(dates[0])) / 86400000;
  return days >= DAYS_MAXIMUM ? "month" : "day";
}

const nameOf = (key, unit) => (unit === "day" ? day(noon(key))
  : day(noon(key), { weekday: undefined, day: undefined }));
const shortOf = (key, unit) => (unit === "day"
  ? day(noon(key), { weekday: undefined, month: "short", year: undefined })
  : day(noon(key), { weekday: undefined, day: undefined, month: "short" }));

/* How many of them there are, and how many of each state. */
function statesOf(findings) {
  const states = { count: findings.length, good: 0, bad: 0, open: 0 };
  for (const one of findings) {
    states[one.finding().state] += 1;
  }
  return states;
}

const stateOf = ({ count, good, bad }) => (bad > 0 ? "bad" : good < count ? "open" : "good");

function checkedCell(states) {
  return make("td", {}, mark({ state: stateOf(states) }), " ",
    make("span", { class: "quiet", say: ["party.checked",
      { good: states.good, count: states.count }] }));
}

/* Of what was destroyed nobody knows in which period it was. */
function goneRows(found) {
  const gone = statesOf(found.filter(({ entry }) => entry.record === null));
  return gone.count === 0 ? []
    : [make("tr", { class: "gone" }, make("th", { scope: "row", say: "destroyed.event" }),
      make("td", {}, number(gone.count)), make("td", {}, "\u2013"), checkedCell(gone))];
}

function periodTable(buckets, unit, found) {
  const head = ["column.period", "column.count", "column.refused", "column.check"];
  return make("table", { class: "numbers" }, make("caption", { say: "party.table" }),
    make("thead", {}, make("tr", {}, ...head.map((key) => make("th", { scope: "col", say: key })))),
    make("tbody", {}, ...buckets.filter(({ count }) => count > 0).toReversed().map((bucket) =>
      make("tr", {}, make("th", { scope: "row" }, nameOf(bucket.key, unit)),
        make("td", {}, number(bucket.count)), make("td", {}, number(bucket.refused)),
        checkedCell(bucket))), ...goneRows(found)));
}

function eventTable(found) {
  const counts = new Map();
  for (const { entry } of found) {
    counts.set(eventOf(entry), (counts.get(eventOf(entry)) ?? 0) + 1);
  }
  const rows = [...counts].sort(([, a], [, b]) => b - a);
  return make("table", { class: "numbers" }, make("caption", { say: "party.events" }),
    make("thead", {}, make("tr", {}, make("th", { scope: "col", say: "column.event" }),
      make("th", { scope: "col", say: "column.count" }))),
    make("tbody", {}, ...rows.map(([name, count]) => make("tr", {},
      make("th", { scope: "row", sayBy: () => eventWord(name) }),
      make("td", {}, number(count))))));
}

export function create({ verifier }) {
  const fields = {
    party: textField("filter.party", { maxlength: 20, required: true, class: "code" },
      "hint.party"),
    ...periodFields(),
    unit: choiceField("party.unit", [["", () => text("party.unit.auto")],
      ["day", () => text("party.unit.day")], ["month", () => text("party.unit.month")]]),
  };
  const place = make("div", { class: "message", "aria-live": "polite" });
  const title = make("h3", { tabindex: "-1", say: "party.result" });
  const summary = make("p", { role: "status" });
  const figure = make("figure", { class: "figure" });
  const tables = make("div", { class: "side" });
  const submit = make("button", { type: "submit", class: "main", say: "party.show" });
  const results = make("section", { class: "results", hidden: true }, title, summary, figure,
    tables);
  let found = []; /* of findingOf() */
  let asked = null;
  let isWhole = true;

  function drawAll() {
    if (found.length === 0) {
      return;
    }
    const unit = unitFor(found, fields.unit.input.value);
    const buckets = bucketsOf(found, unit);
    const states = statesOf(found);
    const values = { party: asked.party, count: states.count, good: states.good };
    const bars = buckets.map(({ key, count, refused }) => ({
      label: shortOf(key, unit),
      long: text("party.bar", { period: nameOf(key, unit), count, refused }),
      value: count,
      part: refused,
    }));
    figure.replaceChildren(...(bars.length > 0 ? [
      drawChart(bars, text(`party.title.${unit}`, values), text("party.description", values)),
      make("figcaption", {}, make("span", { class: "key key-all", say: "party.key.all" }),
        make("span", { class: "key key-part", say: "party.key.refused" })),
    ] : []));
    tables.replaceChildren(periodTable(buckets, unit, found), eventTable(found));
    summary.replaceChildren(mark({ state: stateOf(states) }), " ",
      make("span", { say: ["party.summary", values] }), " ",
      make("span", { class: "quiet", say: isWhole ? "party.whole" : ["party.cut",
        { most: ENTRIES_MAXIMUM }] }));
  }

  async function recheck() {
    const mine = found;
    await checkAll(mine);
    if (mine === found) {
      drawAll();
    }
  }

  async function readAll(query) {
    const entries = [];
    let cursor = "";
    do {
      const { json } = await getJson("/v1/log-entries", { ...query, limit: String(PAGE), cursor });
      entries.push(...json.logEntries);
      cursor = json.next;
      if (query === asked) {
        showBusy(place, "party.busy");
      }
    } while (cursor !== null && entries.length < ENTRIES_MAXIMUM);
    return { entries, whole: cursor === null };
  }

  async function load() {
    const query = asked;
    found = [];
    results.hidden = true;
    showBusy(place);
    setBusy(submit, true);
    try {
      const { entries, whole } = await readAll(query).finally(() => setBusy(submit, false));
      if (query !== asked) {
        return;
      }
      isWhole = whole;
      found = entries.map((entry) => findingOf(entry, verifier, (one) => isAsked(one, query)));
      place.replaceChildren();
      if (entries.length === 0) {
        showNote(place, "party.none");
        return;
      }
      results.hidden = false;
      drawAll();
      title.focus();
      await recheck();
    } catch (failure) {
      if (query === asked) {
        showFailure(place, failure, load);
      }
    }
  }

  function search(event) {
    event.preventDefault();
    Object.values(fields).forEach(clearFault);
    const party = fields.party.input.value.trim();
    if (!OIN.test(party)) {
      fault(fields.party, "fault.oin");
      return;
    }
    const period = readPeriod(fields);
    if (period !== null) {
      asked = { party, ...period };
      load();
    }
  }

  onLanguage(drawAll);
  fields.unit.input.addEventListener("change", drawAll);
  watch(verifier, recheck);
  const form = make("form", { class: "filters", novalidate: true, autocomplete: "off",
    "say-aria-label": "party.form", "on-submit": search },
  make("div", { class: "fields" }, ...Object.values(fields).map(({ element }) => element)),
  make("div", { class: "buttons" }, submit));

  return {
    element: make("div", {}, make("p", { class: "intro", say: ["party.intro",
      { most: ENTRIES_MAXIMUM, page: PAGE }] }), form, place, results),
    /* A link from an entry fills in whom; it is asked by the auditor alone, as it is logged. */
    shown(party) {
      if (party !== undefined && OIN.test(party)) {
        fields.party.input.value = party;
      }
    },
    left() {},
  };
}
