/* SPDX-License-Identifier: EUPL-1.2 */
/* What the index itself holds up to auditors: suspicions of peeking, access requests, and counts of
 * notices before a large load. */
import { getJson } from "./api.js";
import { make } from "./dom.js";
import { entryTable, isAsked } from "./entry.js";
import {
  choiceField, clearFault, periodFields, readPeriod, showBusy, showFailure, showNote,
} from "./forms.js";
import { text, word } from "./i18n.js";

const KINDS = ["peek-suspected", "access-requested", "notices-counted"];
const PAGE = 50;

/* One kind of flag, newest first, a page at a time. */
class Source {
  constructor(event, period) {
    Object.assign(this, { event, period, held: [], cursor: "" });
  }

  async fill() {
    if (this.held.length === 0 && this.cursor !== null) {
      const { json } = await getJson("/v1/log-entries",
        { ...this.period, event: this.event, limit: String(PAGE), cursor: this.cursor });
      this.held = json.logEntries;
      this.cursor = json.next;
      await this.fill(); /* a page may be empty and have a next one */
    }
  }
}

/* The next of all kinds together, newest first. When asking fails nothing is taken: who tries again
 * goes on from the same place. */
async function take(sources, count) {
  const taken = [];
  try {
    while (taken.length < count) {
      await Promise.all(sources.map((source) => source.fill()));
      const [newest] = sources.filter(({ held }) => held.length > 0)
        .sort((a, b) => b.held[0].index - a.held[0].index);
      if (newest === undefined) {
        break;
      }
      taken.push({ source: newest, entry: newest.held.shift() });
    }
  } catch (failure) {
    taken.reverse().forEach(({ source, entry }) => source.held.unshift(entry));
    throw failure;
  }
  return taken.map(({ entry }) => entry);
}

export function create({ verifier }) {
  const fields = {
    kind: choiceField("flags.kind", [["", () => text("flags.all")],
      ...KINDS.map((kind) => [kind, () => word("event", kind)])]),
    ...periodFields(),
  };
  const place = make("div", { class: "message", "aria-live": "polite" });
  const title = make("h3", { tabindex: "-1", say: "flags.result" });
  const table = entryTable(verifier, "flags.caption", true);
  const more = make("button", { type: "button", say: "older",
    "on-click": () => isBusy || load(true) });
  const results = make("section", { class: "results", hidden: true }, title, table.element,
    make("p", { class: "buttons" }, more));
  let sources = [];
  let shown = [];
  let wasShown = false;
  let question = null; /* being answered: a second click asks, and logs, nothing */
  let isBusy = false;

  async function load(moves) {
    const mine = sources;
    isBusy = true;
    showBusy(place);
    try {
      const taken = await take(mine, PAGE);
      if (mine !== sources) {
        return;
      }
      shown = [...shown, ...taken];
      place.replaceChildren();
      results.hidden = shown.length === 0;
      if (shown.length === 0) {
        showNote(place, "flags.none");
      }
      more.hidden = mine.every(({ held, cursor }) => held.length === 0 && cursor === null);
      table.show(shown, null, (entry) => mine.some(({ event, period }) =>
        isAsked(entry, { event, ...period })));
      if (moves) {
        title.focus();
      }
    } catch (failure) {
      if (mine === sources) {
        showFailure(place, failure, () => load(moves));
      }
    } finally {
      isBusy = isBusy && mine !== sources;
    }
  }

  function search(moves) {
    clearFault(fields.from);
    clearFault(fields.to);
    const period = readPeriod(fields);
    const kinds = KINDS.filter((kind) => ["", kind].includes(fields.kind.input.value));
    const asked = JSON.stringify([kinds, period]);
    if (period === null || (isBusy && asked === question)) {
      return;
    }
    question = asked;
    sources = kinds.map((kind) => new Source(kind, period));
    shown = [];
    load(moves);
  }

  const form = make("form", { class: "filters", novalidate: true, autocomplete: "off",
    "say-aria-label": "flags.form",
    "on-submit": (event) => {
      event.preventDefault();
      search(true);
    } },
  make("div", { class: "fields" }, ...Object.values(fields).map(({ element }) => element)),
  make("div", { class: "buttons" },
    make("button", { type: "submit", class: "main", say: "search" })));

  return {
    element: make("div", {}, make("p", { class: "intro", say: "flags.intro" }),
      make("dl", { class: "meanings" }, ...KINDS.map((kind) => make("div", {},
        make("dt", { sayBy: () => word("event", kind) }),
        make("dd", { say: `flags.means.${kind}` })))),
      form, place, results),
    shown() {
      if (!wasShown) {
        wasShown = true;
        search(false);
      }
    },
    left() {},
  };
}
