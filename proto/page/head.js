/* SPDX-License-Identifier: EUPL-1.2 */
/* The checkpoint: what it says, who signed it, what was checked of it here, and with which keys. */
import { isCosignature, toHex } from "./checkpoint.js";
import { explained, make } from "./dom.js";
import { areaField, clearFault, fault, setBusy, showBusy, showFailure } from "./forms.js";
import { number, time } from "./i18n.js";
import * as memory from "./memory.js";

const pair = (key, ...value) => make("div", {}, make("dt", { say: key }),
  make("dd", {}, ...value));

function download(name, content) {
  const address = URL.createObjectURL(new Blob([content], { type: "text/plain" }));
  make("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}

function signatureTable(head) {
  const { line: checked } = head.signature; /* none when there was no key to check any with */
  const rows = head.signatures.map((line) => {
    const isMeant = checked === undefined
      ? head.signature.state === "open" && line.name === head.origin && !isCosignature(line)
      : line === checked;
    return make("tr", {}, make("th", { scope: "row" }, line.name),
      make("td", { class: "code" }, toHex(line.keyId)),
      make("td", {}, isMeant ? explained(head.signature)
        : make("span", { say: isCosignature(line) ? "head.witness" : "head.unknown" })));
  });
  const columns = ["column.name", "column.key", "column.check"];
  return make("table", { class: "plain" }, make("caption", { say: "head.signatures" }),
    make("thead", {}, make("tr", {}, ...columns.map((key) =>
      make("th", { scope: "col", say: key })))), make("tbody", {}, ...rows));
}

function witnessTable({ cosignatures }) {
  const columns = ["column.witness", "column.time", "column.key", "column.check"];
  const rows = cosignatures.map(({ name, keyId, time: seconds, finding }) => {
    const instant = new Date(seconds * 1000);
    return make("tr", {}, make("th", { scope: "row" }, name),
      make("td", {}, make("time", { datetime: instant.toISOString(),
        sayBy: () => time(instant) })),
      make("td", { class: "code" }, toHex(keyId)), make("td", {}, explained(finding)));
  });
  return make("table", { class: "plain witnesses" },
    make("caption", { say: "head.witnesses" }),
    make("thead", {}, make("tr", {}, ...columns.map((key) =>
      make("th", { scope: "col", say: key })))), make("tbody", {}, ...rows));
}

export function create({ verifier }) {
  const place = make("div", { class: "message", "aria-live": "polite" });
  const facts = make("div", { tabindex: "-1" });
  const witnesses = make("div");
  const keys = areaField("keys", { rows: 4, class: "code" }, "hint.keys");
  const said = make("p", { role: "status", class: "quiet" });
  keys.input.value = memory.recallKeys();

  function showHead() {
    const { head } = verifier;
    if (head === null) {
      return;
    }
    const seen = memory.recallSeen();
    const history = [explained(head.history)];
    if (head.history.state === "bad" && seen !== null) {
      history.push(make("p", { class: "buttons" },
        make("button", { type: "button", say: "head.saveOld",
          "on-click": () => download("checkpoint-before.txt", seen.note) }),
        make("button", { type: "button", say: "head.accept",
          "on-click": accept })));
    }
    facts.replaceChildren(
      make("dl", { class: "facts" },
        pair("head.origin", make("span", { class: "code" }, head.origin)),
        pair("head.size", make("span", { sayBy: () => number(head.size) })),
        pair("head.root", make("span", { class: "code" }, toHex(head.root))),
        pair("head.fetched", make("time", { datetime: head.fetched.toISOString(),
          sayBy: () => time(head.fetched) })),
        pair("head.history", ...history)),
      signatureTable(head),
      make("details", {}, make("summary", { say: "head.note" }),
        make("pre", { tabindex: "0", "say-aria-label": "head.note" }, head.note)));
  }

  async function accept({ currentTarget: button }) {
    setBusy(button, true);
    try {
      await verifier.acceptHead();
      facts.focus(); /* the button is gone */
    } catch (failure) {
      setBusy(button, false);
      showFailure(place, failure);
    }
  }

  async function showWitnesses() {
    const witnessed = await verifier.readWitnessed();
    if (witnessed === null) {
      witnesses.replaceChildren(make("h3", { say: "head.witnesses" }),
        make("p", { class: "panel", say: "head.noWitness" }));
      return;
    }
    witnesses.replaceChildren(make("h3", { say: "head.witnessed" }),
      make("dl", { class: "facts" },
        pair("head.size", make("span", { sayBy: () => number(witnessed.checkpoint.size) })),
        pair("head.signature", explained(witnessed.signature)),
        pair("head.today", explained(witnessed.history)),
        pair("head.reach", explained(witnessed.reach))),
      witnessTable(witnessed));
  }

  async function load() {
    showBusy(place);
    try {
      await verifier.refresh();
      showHead();
      await showWitnesses();
      place.replaceChildren();
    } catch (failure) {
      showFailure(place, failure, load);
    }
  }

  async function takeKeys(event) {
    event.preventDefault();
    clearFault(keys);
    const wrong = await verifier.takeKeys(keys.input.value);
    if (wrong.length > 0) {
      fault(keys, "fault.keys");
      return;
    }
    const text = keys.input.value.split("\n").map((line) => line.trim())
      .filter((line) => line !== "").join("\n");
    const isKept = memory.keepKeys(text);
    said.replaceChildren(make("span", { say: isKept ? "keys.kept" : "keys.notKept" }));
    load();
  }

  verifier.addEventListener("change", showHead);
  const form = make("form", { class: "filters", novalidate: true, autocomplete: "off",
    "say-aria-label": "keys.form", "on-submit": takeKeys },
  keys.element, make("div", { class: "buttons" },
    make("button", { type: "submit", class: "main", say: "keys.keep" })), said);

  return {
    element: make("div", {}, make("p", { class: "intro", say: "head.intro" }),
      make("p", { class: "buttons" },
        make("button", { type: "button", class: "main", say: "head.again", "on-click": load }),
        make("button", { type: "button", say: "head.save",
          "on-click": () => verifier.head !== null &&
            download(`checkpoint-${verifier.head.size}.txt`, verifier.head.note) })),
      place, facts, witnesses, make("h3", { say: "keys.title" }), form),
    shown() {
      showHead();
      load();
    },
    left() {},
  };
}
