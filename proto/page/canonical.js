/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * JSON in canonical form, RFC 8785: what the hash of a record is made of. Texts and numbers are
 * written as ECMAScript does, which is what the RFC asks; sort() compares UTF-16 code units, as it
 * asks too.
 */
export function canonical(value) {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(",")}]`;
  }
  if (value !== null && typeof value === "object") {
    const members = Object.keys(value).sort()
      .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
    return `{${members.join(",")}}`;
  }
  if (value === undefined || (typeof value === "number" && !Number.isFinite(value))) {
    throw new TypeError("not JSON");
  }
  return JSON.stringify(value);
}
