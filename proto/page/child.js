/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What was logged on one child. Its number is posted, and nothing else is done with it: it is in no
 * URL and no storage, the field is emptied as soon as it was read, and what is left of it, in this
 * module alone, is gone when all pages were read, another is asked, or the view is left.
 */
import { postJson } from "./api.js";
import { make } from "./dom.js";
import {
  aboutOf, checkAll, findingOf, instantOfEntry, showTally, timeOf, watch, whatOf, wholeButton,
  whoOf,
} from "./entry.js";
import {
  clearFault, dutchDay, fault, instantOf, isBsn, periodFields, showBusy, showFailure, showNote,
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
      make("div", {}, ...aboutOf({ ...entry, subject: null })), one.cell,
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
    add(entries) {
      for (const entry of entries) {
        const one = findingOf(entry, verifier);
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

  function forget() {
    asked = null;
    cursor = null;
    fields.bsn.input.value = "";
  }

  function clear() {
    forget();
    history.clear();
    results.hidden = true;
    place.replaceChildren();
  }

  function show(entries, next, logIndex) {
    const isFirst = results.hidden;
    if (entries.length === 0 && isFirst) {
      showNote(place, "child.none", { index: String(logIndex) });
    } else {
      place.replaceChildren();
      results.hidden = false;
    }
    const known = entries.find((entry) => entry.subject);
    if (isFirst && known !== undefined) {
      subject.replaceChildren(make("span", { say: "child.pseudonym" }), " ",
        make("span", { class: "code" }, known.subject), " ",
        make("span", { class: "quiet", say: ["search.logged", { index: String(logIndex) }] }));
    }
    history.add(entries);
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
    if (body === null) {
      return;
    }
    showBusy(place);
    try {
      const { json, logIndex } = await postJson("/v1/log-entries/_search",
        cursor === null ? body : { ...body, cursor });
      if (body === asked) {
        show(json.logEntries, json.next, logIndex);
      }
    } catch (failure) {
      if (body === asked) {
        showFailure(place, failure, load);
      }
    }
  }

  function search(event) {
    event.preventDefault();
    Object.values(fields).forEach(clearFault);
    const bsn = fields.bsn.input.value.replaceAll(/[\s.]/g, "");
    const caseReference = fields.caseReference.input.value.trim();
    if (!isBsn(bsn)) {
      fault(fields.bsn, "fault.bsn");
    } else if (caseReference === "") {
      fault(fields.caseReference, "fault.case");
    } else {
      clear();
      asked = { bsn, caseReference, limit: PAGE };
      for (const name of ["from", "to"]) {
        const instant = instantOf(fields[name].input.value);
        Object.assign(asked, instant === "" ? {} : { [name]: instant });
      }
      load();
    }
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
