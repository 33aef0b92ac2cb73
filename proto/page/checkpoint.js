/* SPDX-License-Identifier: EUPL-1.2 */
/* Signed notes, checkpoints, and cosignatures of witnesses, as C2SP specifies them
 * (signed-note, tlog-checkpoint, tlog-cosignature). */
import { equal, HASH_BYTES, sha256 } from "./merkle.js";

const DASH = "\u2014";
const KEY_ID_BYTES = 4;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const TIME_BYTES = 8;
export const LOG_KEY = 1; /* Ed25519 */
export const WITNESS_KEY = 4; /* timestamped cosignature, Ed25519 */

export const toBytes = (text) => new TextEncoder().encode(text);
export const toHex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

export function fromHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/* Base64 or base64url, with or without padding. RangeError. */
export function fromBase64(text) {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) {
    throw new RangeError("not base64");
  }
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  try {
    return Uint8Array.from(atob(plain), (c) => c.charCodeAt(0));
  } catch {
    throw new RangeError("not base64");
  }
}

function readSignature(line) {
  const [dash, name, encoded, ...more] = line.split(" ");
  const bytes = fromBase64(encoded ?? "");
  if (dash !== DASH || !name || more.length > 0 || bytes.length <= KEY_ID_BYTES) {
    throw new RangeError("not a signature line");
  }
  return { name, keyId: bytes.slice(0, KEY_ID_BYTES), payload: bytes.slice(KEY_ID_BYTES) };
}

/* {note, text, origin, size, root, signatures}; RangeError when it is none. */
export function readCheckpoint(note) {
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n")) {
    throw new RangeError("not a signed note");
  }
  const text = note.slice(0, end + 1);
  const signatures = note.slice(end + 2, -1).split("\n").map(readSignature);
  const [origin, decimal, encoded] = text.split("\n");
  const size = Number(decimal);
  const root = fromBase64(encoded ?? "");
  if (!origin || !/^(0|[1-9]\d*)$/.test(decimal) || !Number.isSafeInteger(size) ||
      root.length !== HASH_BYTES) {
    throw new RangeError("not a checkpoint");
  }
  return { note, text, origin, size, root, signatures };
}

/* Of "name+hash+key": {name, keyId, type, key, written}; RangeError when it is none. */
export async function readVerifierKey(written) {
  const [, name, hex, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+(.+)$/.exec(written.trim()) ?? [];
  if (name === undefined) {
    throw new RangeError("not a verifier key");
  }
  const data = fromBase64(encoded);
  const [type] = data;
  const keyId = fromHex(hex);
  const expected = await sha256(toBytes(`${name}\n`), data);
  if (data.length !== 1 + KEY_BYTES || (type !== LOG_KEY && type !== WITNESS_KEY) ||
      !equal(keyId, expected.slice(0, KEY_ID_BYTES))) {
    throw new RangeError("not a verifier key");
  }
  return { name, keyId, type, key: data.slice(1), written: written.trim() };
}

/* Whether this browser has Ed25519. */
export async function canVerify() {
  try {
    await crypto.subtle.importKey("raw", new Uint8Array(KEY_BYTES).fill(1), "Ed25519", false,
      ["verify"]);
    return true;
  } catch (fault) {
    return fault.name !== "NotSupportedError";
  }
}

async function isSigned(key, message, signature) {
  try {
    const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", imported, signature, message);
  } catch {
    return false;
  }
}

const isBy = (key) => (line) => line.name === key.name && equal(line.keyId, key.keyId);

export const signatureBy = (checkpoint, key) => checkpoint.signatures.find(isBy(key));

/* "good", "bad", or "absent": it bears no signature by that key of a log. */
export async function checkSignature(checkpoint, key) {
  const line = signatureBy(checkpoint, key);
  if (line === undefined) {
    return "absent";
  }
  const isGood = line.payload.length === SIGNATURE_BYTES &&
    await isSigned(key.key, toBytes(checkpoint.text), line.payload);
  return isGood ? "good" : "bad";
}

/* The lines of witnesses, as they look: {name, keyId, time (seconds), signature}. */
export const isCosignature = ({ payload }) => payload.length === TIME_BYTES + SIGNATURE_BYTES;

export function readCosignatures(checkpoint) {
  return checkpoint.signatures
    .filter(isCosignature)
    .map(({ name, keyId, payload }) => ({
      name,
      keyId,
      time: Number(new DataView(payload.buffer, payload.byteOffset).getBigUint64(0)),
      signature: payload.slice(TIME_BYTES),
    }));
}

/* "good", "bad", or "unknown": none of the keys is its. */
export async function checkCosignature(checkpoint, cosignature, keys) {
  const own = keys.filter((one) => one.type === WITNESS_KEY && isBy(one)(cosignature));
  if (own.length === 0) {
    return "unknown";
  }
  const message = toBytes(`cosignature/v1\ntime ${cosignature.time}\n${checkpoint.text}`);
  const held = await Promise.all(own.map(({ key }) =>
    isSigned(key, message, cosignature.signature)));
  return held.includes(true) ? "good" : "bad";
}
