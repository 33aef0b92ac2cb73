/* SPDX-License-Identifier: EUPL-1.2 */
/* The tree of RFC 6962 section 2.1, out of tiles that need not be trusted: what is taken from them
 * counts only where it leads to a root that is known from elsewhere. */

export const HASH_BYTES = 32;
export const TILE_WIDTH = 256;
export const TILE_HEIGHT = 8; /* 2^8 hashes */
const NODES_KEPT = 65536;

export async function sha256(...parts) {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export function equal(one, other) {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const hashLeaf = (entry) => sha256(LEAF, entry);
export const hashNode = (left, right) => sha256(NODE, left, right);

/* The largest power of two below `size`, which is at least 2. */
function split(size) {
  let half = 1;
  while (half * 2 < size) {
    half *= 2;
  }
  return half;
}

/* The root above these, in their order. */
export async function hashAll(hashes) {
  if (hashes.length === 0) {
    return sha256();
  }
  if (hashes.length === 1) {
    return hashes[0];
  }
  const half = split(hashes.length);
  return hashNode(...await Promise.all([hashAll(hashes.slice(0, half)),
    hashAll(hashes.slice(half))]));
}

/* A place in the tree that `path` leads up from: the root that it gives. */
export async function climb(hash, path) {
  let at = hash;
  for (const step of path) {
    at = step.isLeft ? await hashNode(step.hash, at) : await hashNode(at, step.hash);
  }
  return at;
}

/* Complete subtrees are the same in all trees of one log, so that `nodes` may be shared by them. */
export class Tree {
  constructor(size, readTile, nodes = new Map()) {
    this.size = size;
    this.readTile = readTile;
    this.nodes = nodes;
  }

  /* The hashes of a tile as far as this tree has them. */
  tile(level, number) {
    const there = Math.floor(this.size / TILE_WIDTH ** level) - number * TILE_WIDTH;
    return this.readTile(level, number, Math.min(there, TILE_WIDTH));
  }

  /* The root of the complete subtree `index` of 2^level leaves. */
  node(level, index) {
    const key = `${level}/${index}`;
    if (!this.nodes.has(key)) {
      if (this.nodes.size >= NODES_KEPT) {
        this.nodes.clear();
      }
      const node = this.computeNode(level, index);
      this.nodes.set(key, node);
      node.catch(() => this.nodes.get(key) === node && this.nodes.delete(key));
    }
    return this.nodes.get(key);
  }

  async computeNode(level, index) {
    const below = 2 ** (level % TILE_HEIGHT);
    const first = index * below;
    const number = Math.floor(first / TILE_WIDTH);
    const hashes = await this.tile(Math.floor(level / TILE_HEIGHT), number);
    const at = first - number * TILE_WIDTH;
    return hashAll(hashes.slice(at, at + below));
  }

  /* The root of leaves `first` to `end`, a subtree as the recursion of the RFC makes them. */
  async range(first, end) {
    const size = end - first;
    const level = Math.log2(size);
    if (Number.isInteger(level)) {
      return this.node(level, first / size);
    }
    const middle = first + split(size);
    return hashNode(...await Promise.all([this.range(first, middle), this.range(middle, end)]));
  }

  /* From such a subtree up to the root: the siblings on the way. */
  async path(first, end) {
    const siblings = [];
    let low = 0;
    let high = this.size;
    while (low < first || high > end) {
      const middle = low + split(high - low);
      const goesRight = first >= middle;
      siblings.push({
        isLeft: goesRight,
        hash: goesRight ? this.range(low, middle) : this.range(middle, high),
      });
      [low, high] = goesRight ? [middle, high] : [low, middle];
    }
    return Promise.all(siblings.reverse()
      .map(async ({ isLeft, hash }) => ({ isLeft, hash: await hash })));
  }

  /*
   * The roots of the first `size` leaves and of all of them, made of the same hashes: if both are
   * as they should be, the smaller tree stands unchanged at the beginning of this one (a
   * consistency proof, RFC 6962 section 2.1.2, with both of its sides written as one).
   */
  async bothRoots(size, first = 0, end = this.size) {
    if (size >= end) {
      const hash = end > first ? await this.range(first, end) : await hashAll([]);
      return { before: hash, now: hash };
    }
    if (size === 0) {
      return { before: await hashAll([]), now: await this.range(first, end) };
    }
    const middle = first + split(end - first);
    if (size <= middle) {
      const [left, right] = await Promise.all([this.bothRoots(size, first, middle),
        this.range(middle, end)]);
      return { before: left.before, now: await hashNode(left.now, right) };
    }
    const [left, right] = await Promise.all([this.range(first, middle),
      this.bothRoots(size, middle, end)]);
    return { before: await hashNode(left, right.before), now: await hashNode(left, right.now) };
  }
}
