/* SPDX-License-Identifier: EUPL-1.2 */
/* Hash tiles (C2SP tlog-tiles): where they are, and those that were read, kept in memory. Reading
 * one is not logged, so that checking a page leaves no trace per entry. */
import { getBytes } from "./api.js";
import { HASH_BYTES, TILE_WIDTH } from "./merkle.js";

const TILES_KEPT = 2048; /* of 8 KiB */
const AT_ONCE = 6;

/* 1234067 is "x001/x234/067". */
export function tileAddress(level, number, width) {
  const groups = [];
  let rest = number;
  do {
    groups.unshift(String(rest % 1000).padStart(3, "0"));
    rest = Math.floor(rest / 1000);
  } while (rest > 0);
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
  return `/tlog/tile/${level}/${name}${width < TILE_WIDTH ? `.p/${width}` : ""}`;
}

async function fetchTile(level, number, width, isFresh) {
  const bytes = await getBytes(tileAddress(level, number, width), isFresh);
  if (bytes.length !== width * HASH_BYTES) {
    throw new RangeError("a tile of another size than was asked");
  }
  return Array.from({ length: width },
    (_, i) => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
}

export class Tiles {
  constructor() {
    this.kept = new Map();
    this.nodes = new Map(); /* of merkle.js */
    this.isFresh = false; /* nothing comes from the cache of the browser */
    this.failed = new Set(); /* addresses: nor do these, until they have come */
    this.busy = 0;
    this.waiting = [];
  }

  /* When what was read leads nowhere: all is read anew, past the cache of the browser, which
   * keeps tiles for days: after a restore of the index they are not its own any more. Whatever is
   * under way goes on with the maps that it began with. */
  forget() {
    this.kept = new Map();
    this.nodes = new Map();
    this.isFresh = true;
  }

  read = (level, number, width) => {
    const address = tileAddress(level, number, width);
    if (!this.kept.has(address)) {
      if (this.kept.size >= TILES_KEPT) {
        this.kept.delete(this.kept.keys().next().value);
      }
      const isFresh = this.isFresh || this.failed.has(address);
      const tile = this.inTurn(() => fetchTile(level, number, width, isFresh));
      this.kept.set(address, tile);
      tile.then(() => this.failed.delete(address), () => this.drop(address, tile));
    }
    return this.kept.get(address);
  };

  /* One that did not come, or not as a tile, is asked for anew by whoever wants it next: it alone. */
  drop(address, tile) {
    if (this.kept.get(address) === tile) {
      this.kept.delete(address);
    }
    if (this.failed.size >= TILES_KEPT) {
      this.failed.clear();
    }
    this.failed.add(address);
  }

  async inTurn(work) {
    if (this.busy >= AT_ONCE) {
      await new Promise((go) => this.waiting.push(go));
    }
    this.busy += 1;
    try {
      return await work();
    } finally {
      this.busy -= 1;
      this.waiting.shift()?.();
    }
  }
}
