/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What was logged on one child. Its number is posted, and nothing else is done with it: it is in no
 * URL and no storage, the field is emptied as soon as it was read, and what is left of it, in this
 * module alone, is gone when all pages were read, another is asked, or the view is left.
 */
import { postJson } from "./api.js";
import { explained, make } from "./dom.js";
import {
  aboutOf, checkAll, findingOf, instantOfEntry, isAsked, showTally, timeOf, watch, whatOf,
  wholeButton, whoOf,
} from "./entry.js";
import {
  clearFault, dutchDay, fault, isBsn, periodFields, readPeriod, showBusy, showFailure, showNote,
  textField,
} from "./forms.js";
import { clock, day } from "./i18n.js";

const PAGE = 100;

function itemOf(entry, one, verifier) {
  const place = make("div", { class: "details" }, make("div", { class: "whole" }));
  return make("li", { class: "moment", "data-index": entry.index },
    make("div", { class: "moment-line" },
      make("div", { class: "moment-time" }, timeOf(entry, clock),
        make("span", { class: "quiet" }, `#${entry.index}`)),
      make("div", {}, ...whatOf(entry)), make("div", {}, ...whoOf(entry)),
      make("div", {}, ...aboutOf(entry)), one.cell,
      wholeButton(entry, place, one.finding, verifier)),
    place);
}

/* The list of days, each with its list of moments; more can be added at the end. */
function timeline(verifier) {
  const days = make("ol", { class: "days", reversed: true });
  const tally = make("div", { role: "status" });
  let findings = [];
  let latest = null; /* {day, list} */
  const recheck = async () => {
    const count = findings.length;
    const found = await checkAll(findings);
    if (count === findings.length && count > 0) {
      showTally(tally, found);
    }
  };
  watch(verifier, recheck);

  function listFor(entry) {
    const instant = instantOfEntry(entry);
    const date = instant === null ? "" : dutchDay(instant);
    if (latest === null || latest.date !== date) {
      latest = { date, list: make("ol", { class: "moments", reversed: true }) };
      const heading = instant === null ? make("h4", { say: "time.destroyed" })
        : make("h4", { sayBy: () => day(instant) });
      days.append(make("li", {}, heading, latest.list));
    }
    return latest.list;
  }

  return {
    element: make("div", {}, tally, days),
    clear() {
      findings = [];
      latest = null;
      tally.replaceChildren();
      days.replaceChildren();
    },
    add(entries, fits) {
      for (const entry of entries) {
        const one = findingOf(entry, verifier, fits);
        findings.push(one);
        listFor(entry).append(itemOf(entry, one, verifier));
      }
      return recheck();
    },
  };
}

export function create({ verifier }) {
  const fields = {
    bsn: textField("child.bsn", { inputmode: "numeric", maxlength: 11, required: true,
      class: "code" }, "hint.bsn"),
    caseReference: textField("filter.case", { maxlength: 64, required: true }, "hint.case"),
    ...periodFields(),
  };
  const place = make("div", { class: "message", "aria-live": "polite" });
  const history = timeline(verifier);
  const title = make("h3", { tabindex: "-1", say: "child.result" });
  const subject = make("p", { class: "about" });
  const more = make("button", { type: "button", say: "child.more", "on-click": () => load() });
  const results = make("section", { class: "results", hidden: true }, title, subject,
    history.element, make("p", { class: "buttons" }, more));
  let asked = null; /* the body of the search under way, number and all */
  let cursor = null;
  let isBusy = false; /* a second click asks, shows and logs nothing */
  let searched = ""; /* which entry the first reading is */
  const subjects = new Set(); /* all numbers of the log that the answers have */

  function forget() {
    asked = null;
    cursor = null;
    isBusy = false;
    fields.bsn.input.value = "";
  }

  function clear() {
    forget();
    subjects.clear();
    history.clear();
    results.hidden = true;
    place.replaceChildren();
  }

  /* Under which number or numbers: a child may have several, which only the index can know. */
  function showSubjects() {
    const isOne = subjects.size < 2;
    history.element.classList.toggle("one-child", isOne);
    subject.replaceChildren(
      ...isOne ? [] : [explained({ state: "open", reason: "child.several",
        values: { count: subjects.size } }), " "],
      make("span", { say: isOne ? "child.pseudonym" : "child.pseudonyms" }), " ",
      ...[...subjects].flatMap((one) => [make("span", { class: "code" }, one), " "]),
      make("span", { class: "quiet", say: ["search.logged", { index: searched }] }));
  }

  function show(entries, next, logIndex, { from, to }) {
    const isFirst = results.hidden;
    if (entries.length === 0 && isFirst) {
      showNote(place, "child.none", { index: String(logIndex) });
    } else {
      place.replaceChildren();
      results.hidden = false;
    }
    searched = isFirst ? String(logIndex) : searched;
    entries.filter((entry) => entry.subject).forEach((entry) => subjects.add(entry.subject));
    showSubjects();
    /* Each is on a child, so that one without a number, or without a record, was not asked for. */
    history.add(entries, (entry) => Boolean(entry.subject) && isAsked(entry, { from, to }));
    cursor = next;
    more.hidden = next === null;
    if (next === null) {
      forget();
    }
    if (isFirst && !results.hidden) {
      title.focus();
    }
  }

  async function load() {
    const body = asked;
    if (body === null || isBusy) {
      return;
    }
    isBusy = true;
    showBusy(place);
    try {
      const { json, logIndex } = await postJson("/v1/log-entries/_search",
        cursor === null ? body : { ...body, cursor });
      if (body === asked) {
        isBusy = false;
        show(json.logEntries, json.next, logIndex, body);
      }
    } catch (failure) {
      if (body === asked) {
        isBusy = false;
        showFailure(place, failure, load);
      }
    }
  }

  function search(event) {
    event.preventDefault();
    if (isBusy && fields.bsn.input.value === "") {
      return; /* clicked twice: the field is empty as its number is under way */
    }
    Object.values(fields).forEach(clearFault);
    const bsn = fields.bsn.input.value.replaceAll(/[\s.]/g, "");
    const caseReference = fields.caseReference.input.value.trim();
    if (!isBsn(bsn)) {
      fault(fields.bsn, "fault.bsn");
    } else if (caseReference === "") {
      fault(fields.caseReference, "fault.case");
    } else {
      ask(bsn, caseReference, readPeriod(fields));
    }
  }

  function ask(bsn, caseReference, period) {
    if (period === null) {
      return;
    }
    clear();
    fields.bsn.input.value = "";
    const given = Object.entries(period).filter(([, instant]) => instant !== "");
    asked = { bsn, caseReference, limit: PAGE, ...Object.fromEntries(given) };
    load();
  }

  const form = make("form", { class: "filters", novalidate: true, autocomplete: "off",
    "say-aria-label": "child.form", "on-submit": search },
  make("div", { class: "fields" }, ...Object.values(fields).map(({ element }) => element)),
  make("div", { class: "buttons" },
    make("button", { type: "submit", class: "main", say: "search" })));

  return {
    element: make("div", {}, make("p", { class: "intro", say: "child.intro" }), form, place,
      results),
    shown() {},
    left: clear,
  };
}
