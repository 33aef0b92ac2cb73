/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What was checked here, in this browser: each entry against its commitment, its commitment
 * against the tree, the tree against the signed checkpoint, and the checkpoint against the one of
 * the last visit. A finding is {state, reason, values}: state "good" was checked here and is right,
 * "bad" was checked here and is wrong, "open" was not checked; `reason` is a text of i18n.js.
 */
import { getText } from "./api.js";
import { canonical } from "./canonical.js";
import {
  canVerify, checkCosignature, checkSignature, fromBase64, fromHex, LOG_KEY, readCheckpoint,
  readCosignatures, readVerifierKey, toBytes,
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

/* The reason why the entry is not what it says it is; null when it is. */
async function faultOfRecord(entry) {
  if (entry.record === null) {
    return null; /* destroyed: only its place can be checked */
  }
  if (entry.record.attributes?.["verwijsindex.index"] !== entry.index) {
    return "verdict.index";
  }
  return equal(await commitmentOf(entry), fromBase64(entry.commitment)) ? null
    : "verdict.commitment";
}

export class Verifier extends EventTarget {
  constructor() {
    super();
    this.tiles = new Tiles();
    this.keys = [];
    this.head = null;
    this.refreshing = null;
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

  async checkSigned(head) {
    const key = this.keys.find((one) => one.type === LOG_KEY && one.name === head.origin);
    if (!await canVerify()) {
      return open("signature.unsupported");
    }
    if (key === undefined) {
      return open("signature.noKey");
    }
    const state = await checkSignature(head, key);
    return state === "good" ? good("signature.good") : bad(`signature.${state}`);
  }

  treeOf(head) {
    return new Tree(head.size, this.tiles.read, this.tiles.nodes);
  }

  /* Whether `before` stands unchanged at the beginning of `head`. */
  async holds(head, before) {
    if (before.size > head.size || before.origin !== head.origin) {
      return false;
    }
    const roots = await this.treeOf(head).bothRoots(before.size);
    return equal(roots.before, before.root) && equal(roots.now, head.root);
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
   * before. What was found to be wrong stays wrong. */
  async checkContinuity(head) {
    if (this.head === null) {
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
    this.refreshing ??= this.fetchHead().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  async fetchHead() {
    const head = readCheckpoint(await getText("/tlog/checkpoint"));
    head.fetched = new Date();
    head.tiles = new Map(); /* by number: a promise of the hashes, null if they are not its own */
    if (this.head !== null && this.head.note === head.note) {
      this.head.fetched = head.fetched;
      return;
    }
    head.signature = await this.checkSigned(head);
    head.history = await this.checkContinuity(head);
    this.head = head;
    if (this.isTrusted) {
      memory.keepSeen(head.fetched.toISOString(), head.note);
    } else {
      this.tiles.forget();
    }
    this.tell();
  }

  /* The last visit's checkpoint is let go of: the auditor has seen what is wrong, and saved it. */
  async acceptHead() {
    memory.forgetSeen();
    this.head = null;
    await this.refresh();
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
    return {
      checkpoint,
      cosignatures,
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

  async faultOfPlace(head, entry) {
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

  /* The finding on an entry that is shown. Never fails. */
  async check(entry) {
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
      return good(entry.record === null ? "verdict.destroyed" : "verdict.good", values);
    } catch (fault) {
      this.head?.tiles.clear();
      return fault instanceof RangeError || fault instanceof TypeError ? bad("verdict.malformed")
        : open("verdict.unreachable");
    }
  }
}
