/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What was checked here, in this browser: each entry against its commitment, its commitment
 * against the tree, the tree against the signed checkpoint, and the checkpoint against the one of
 * the last visit. A finding is {state, reason, values}: state "good" was checked here and is right,
 * "bad" was checked here and is wrong, "open" was not checked; `reason` is a text of i18n.js.
 */
import { getJson, getText } from "./api.js";
import { canonical } from "./canonical.js";
import {
  canVerify, checkCosignature, checkSignature, fromBase64, fromHex, LOG_KEY, readCheckpoint,
  readCosignatures, readVerifierKey, signatureBy, toBytes,
} from "./checkpoint.js";
import { climb, equal, hashAll, hashLeaf, sha256, TILE_WIDTH, Tree } from "./merkle.js";
import * as memory from "./memory.js";
import { Tiles } from "./tiles.js";

const finding = (state, reason, values = {}) => ({ state, reason, values });
const good = (reason, values) => finding("good", reason, values);
const bad = (reason, values) => finding("bad", reason, values);
const open = (reason, values) => finding("open", reason, values);

/* The commitment of a disclosed entry, by LOG.md. */
export async function commitmentOf(entry) {
  const [record, subject] = await Promise.all([
    sha256(toBytes(canonical(entry.record))),
    sha256(fromBase64(entry.subjectSalt), fromHex(entry.subject ?? "")),
  ]);
  return sha256(fromBase64(entry.salt), record, subject);
}

const DISCLOSED = ["record", "salt", "subjectSalt", "subject"];

/* The reason why the entry is not what it says it is; null when it is. */
async function faultOfRecord(entry) {
  if (entry.record === null) { /* destroyed: only its place can be checked */
    return entry.destroyed === true && DISCLOSED.every((name) => entry[name] === null) ? null
      : "verdict.malformed";
  }
  if (entry.record.attributes?.["verwijsindex.index"] !== entry.index) {
    return "verdict.index";
  }
  if (!equal(await commitmentOf(entry), fromBase64(entry.commitment))) {
    return "verdict.commitment";
  }
  return entry.destroyed === undefined ? null : "verdict.malformed";
}

const ANNOUNCED = "records-destroyed";

const READINGS_MAXIMUM = 100; /* of the log, in search of one: each is an entry in it */
const ROWS = "500"; /* the most that there are in one, so that it looks at the most */
const NONE = { first: 0, end: 0, isCut: false };

/* Which entries an announcement says are destroyed: {first, end}, of which `end` is not one, nor
 * anything behind the announcement itself. */
function rangeOf({ index, record }) {
  const { attributes } = record;
  const first = /^entry:(\d{1,15})$/.exec(attributes["verwijsindex.object"])?.[1];
  const count = attributes["verwijsindex.count"];
  return record.name === ANNOUNCED && first !== undefined && Number.isSafeInteger(count)
    ? { ...NONE, first: Number(first), end: Math.min(Number(first) + count, index) } : NONE;
}

const isWithin = ({ first, end }, index) => index >= first && index < end;

export class Verifier extends EventTarget {
  constructor() {
    super();
    this.tiles = new Tiles();
    this.keys = [];
    this.head = null;
    this.refreshing = null;
    this.announced = null; /* {size, range}: what the newest announcement covers, as a promise, and
                              the size of the log when it was asked for */
  }

  /* Takes the keys that were pasted, one a line; those that are none are in the list that it
   * returns. */
  async takeKeys(text) {
    const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    const read = await Promise.all(lines.map((line) => readVerifierKey(line).catch(() => null)));
    this.keys = read.filter((key) => key !== null);
    if (this.head !== null) {
      this.head.signature = await this.checkSigned(this.head);
      this.tell();
    }
    return lines.filter((_, i) => read[i] === null);
  }

  tell() {
    this.dispatchEvent(new Event("change"));
  }

  /* ---- the head ---- */

  /* A finding, and `line`: which of the signatures it is of. Of several keys of one name, as of a log
   * that has got another, those count by which the head bears a signature: one that is wrong is
   * wrong, whatever another says. */
  async checkSigned(head) {
    const keys = this.keys.filter((one) => one.type === LOG_KEY && one.name === head.origin);
    if (!await canVerify()) {
      return open("signature.unsupported");
    }
    if (keys.length === 0) {
      return open("signature.noKey");
    }
    const found = await Promise.all(keys.map(async (key) => (
      { state: await checkSignature(head, key), line: signatureBy(head, key) })));
    const { state, line } = ["bad", "good", "absent"]
      .map((which) => found.find((one) => one.state === which)).find((one) => one !== undefined);
    return { ...state === "good" ? good("signature.good") : bad(`signature.${state}`), line };
  }

  treeOf(head) {
    return new Tree(head.size, this.tiles.read, this.tiles.nodes);
  }

  /* Whether `before` stands unchanged at the beginning of `head`. */
  async holds(head, before) {
    if (before.size > head.size || before.origin !== head.origin) {
      return false;
    }
    return this.insist(async () => {
      const roots = await this.treeOf(head).bothRoots(before.size);
      return equal(roots.before, before.root) && equal(roots.now, head.root);
    }, (isRight) => isRight);
  }

  /* What `work` finds; when that is not right and may come from tiles that the browser has kept from
   * before, what it finds without those. */
  async insist(work, isRight) {
    const { isFresh } = this.tiles;
    const found = await work();
    if (isFresh || isRight(found)) {
      return found;
    }
    if (!this.tiles.isFresh) {
      this.head?.tiles.clear();
      this.tiles.forget();
    }
    return work();
  }

  /* Against the checkpoint of the last visit; a first visit has none. */
  async checkHistory(head) {
    const seen = memory.recallSeen();
    if (seen === null) {
      return open("history.first");
    }
    const values = { since: new Date(seen.time) };
    let before;
    try {
      before = readCheckpoint(seen.note);
    } catch {
      return open("history.unreadable");
    }
    values.size = before.size;
    if (before.origin !== head.origin) {
      return bad("history.otherLog", values);
    }
    if (before.size > head.size) {
      return bad("history.shorter", values);
    }
    return await this.holds(head, before) ? good("history.good", values)
      : bad("history.bad", values);
  }

  /* The first of this visit is held against the last visit's, each later one against the one
   * before. What was found to be wrong stays wrong, until one begins anew. */
  async checkContinuity(head, isAnew) {
    if (isAnew) {
      memory.forgetSeen();
    }
    if (isAnew || this.head === null) {
      return this.checkHistory(head);
    }
    if (this.head.history.state === "bad") {
      return this.head.history;
    }
    return await this.holds(head, this.head) ? this.head.history
      : bad("history.now", { since: this.head.fetched, size: this.head.size });
  }

  /* Reads the checkpoint anew. ApiError, or RangeError when it is none. */
  refresh() {
    return this.refreshing ?? this.beginRefresh(false);
  }

  beginRefresh(isAnew) {
    this.refreshing = this.fetchHead(isAnew).finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  async fetchHead(isAnew) {
    const head = readCheckpoint(await getText("/tlog/checkpoint"));
    head.fetched = new Date();
    head.tiles = new Map(); /* by number: a promise of the hashes, null if they are not its own */
    if (!isAnew && this.head?.note === head.note) {
      this.head.fetched = head.fetched;
      return;
    }
    head.signature = await this.checkSigned(head);
    head.history = await this.checkContinuity(head, isAnew);
    this.head = head;
    if (this.isTrusted) {
      memory.keepSeen(head.fetched.toISOString(), head.note);
    } else {
      this.tiles.forget();
    }
    this.tell();
  }

  /* The last visit's checkpoint is let go of: the auditor has seen what is wrong, and saved it. Not
   * together with a refresh that has begun before, which may have held on to it; and until the new
   * head is there the old one stays, which others are at work with. */
  async acceptHead() {
    while (this.refreshing !== null) {
      await this.refreshing.catch(() => null); /* whoever began it says what went wrong */
    }
    this.announced = null;
    this.tiles.forget();
    await this.beginRefresh(true);
  }

  /* The newest checkpoint that a witness has signed: {checkpoint, history, cosignatures}, or null
   * when there is none. */
  async readWitnessed() {
    let checkpoint;
    try {
      checkpoint = readCheckpoint(await getText("/tlog/witnessed-checkpoint"));
    } catch (fault) {
      if (fault.status === 404) {
        return null;
      }
      throw fault;
    }
    if (checkpoint.size > this.head.size) {
      await this.refresh();
    }
    const canCheck = await canVerify();
    const cosignatures = await Promise.all(readCosignatures(checkpoint).map(async (one) => {
      const state = await checkCosignature(checkpoint, one, this.keys);
      const found = !canCheck ? open("signature.unsupported")
        : state === "unknown" ? open("cosignature.noKey")
          : state === "good" ? good("cosignature.good") : bad("cosignature.bad");
      return { ...one, finding: found };
    }));
    const values = { size: checkpoint.size };
    const holds = await this.holds(this.head, checkpoint);
    const isSeen = holds && cosignatures.some((one) => one.finding.state === "good");
    const unseen = this.head.size - checkpoint.size;
    return {
      checkpoint,
      cosignatures,
      reach: !isSeen ? open("witnessed.unknown")
        : unseen > 0 ? open("witnessed.behind", { count: unseen }) : good("witnessed.all"),
      signature: await this.checkSigned(checkpoint),
      history: holds ? good("witnessed.good", values) : bad("witnessed.bad", values),
    };
  }

  /* ---- entries ---- */

  /* So that what was read wrongly once can be read anew. */
  forget(head) {
    head.tiles.clear();
    this.tiles.forget();
  }

  get isTrusted() {
    return this.head !== null && this.head.signature.state !== "bad" &&
      this.head.history.state !== "bad";
  }

  /* The hashes of a tile that lead to the root of the checkpoint; null if they do not. */
  provenTile(head, number) {
    if (!head.tiles.has(number)) {
      head.tiles.set(number, (async () => {
        const tree = this.treeOf(head);
        const first = number * TILE_WIDTH;
        const end = Math.min(first + TILE_WIDTH, head.size);
        const [hashes, path] = await Promise.all([tree.tile(0, number), tree.path(first, end)]);
        return equal(await climb(await hashAll(hashes), path), head.root) ? hashes : null;
      })());
    }
    return head.tiles.get(number);
  }

  faultOfPlace(head, entry) {
    return this.insist(() => this.findPlace(head, entry), (fault) => fault === null);
  }

  async findPlace(head, entry) {
    const hashes = await this.provenTile(head, Math.floor(entry.index / TILE_WIDTH));
    if (hashes === null) {
      return "verdict.tree";
    }
    const leaf = await hashLeaf(fromBase64(entry.commitment));
    return equal(leaf, hashes[entry.index % TILE_WIDTH]) ? null : "verdict.leaf";
  }

  async findFault(head, entry) {
    if (head.signature.state === "bad") {
      return "verdict.signature";
    }
    if (head.history.state === "bad") {
      return "verdict.history";
    }
    return await faultOfRecord(entry) ?? this.faultOfPlace(head, entry);
  }

  /* What the newest announcement that can be checked covers. The asking is logged, so that it is
   * done once for each head at most, and not for an entry that an earlier answer covers. */
  async announcedRange(index) {
    while (this.announced !== null) {
      const known = this.announced;
      const range = await known.range;
      if (known === this.announced) {
        if (known.size === this.head.size || isWithin(range, index)) {
          return range;
        }
        break;
      }
    }
    const mine = { size: this.head.size, range: this.askAnnounced() };
    mine.range.catch(() => {
      this.announced = this.announced === mine ? null : this.announced;
    });
    this.announced = mine;
    return mine.range;
  }

  /* A page may be empty and have a next one. */
  async askAnnounced() {
    let cursor = "";
    for (let i = 0; i < READINGS_MAXIMUM; i += 1) {
      const { json } = await getJson("/v1/log-entries", { event: ANNOUNCED, limit: ROWS, cursor });
      for (const entry of json.logEntries) {
        if (entry.record !== null && (await this.check(entry)).state === "good") {
          return rangeOf(entry);
        }
      }
      cursor = json.next;
      if (cursor === null) {
        return NONE;
      }
    }
    return { ...NONE, isCut: true };
  }

  /* On one that is said to be destroyed, and whose place is right. Records go in the order of the
   * log, so that one before it that is there shows that it was not its time. */
  async checkDestroyed(entry, oldestKept, values) {
    if (oldestKept < entry.index) {
      return bad("verdict.kept", { ...values, kept: String(oldestKept) });
    }
    const range = await this.announcedRange(entry.index);
    return isWithin(range, entry.index) ? good("verdict.destroyed", values)
      : open(range.isCut ? "verdict.unsought" : "verdict.unannounced", values);
  }

  /* The finding on an entry that is shown; `oldestKept` is the lowest index of those beside it that
   * have their record. Never fails. */
  async check(entry, oldestKept = Infinity) {
    try {
      if (this.head === null || entry.index >= this.head.size) {
        await this.refresh();
      }
      const { head } = this;
      const values = { index: String(entry.index), size: head.size };
      if (entry.index >= head.size) {
        return open("verdict.newer", values);
      }
      const fault = await this.findFault(head, entry);
      if (fault !== null) {
        this.forget(head);
        return bad(fault, values);
      }
      return entry.record === null ? await this.checkDestroyed(entry, oldestKept, values)
        : good("verdict.good", values);
    } catch (fault) {
      this.head?.tiles.clear();
      return fault instanceof RangeError || fault instanceof TypeError ? bad("verdict.malformed")
        : open("verdict.unreachable");
    }
  }
}
