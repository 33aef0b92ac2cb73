/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * All that this page leaves in the browser: the language, the verifier keys that the auditor has
 * pasted, and the checkpoint of the last visit with its time. Nothing of what the log says.
 */
const LANGUAGE = "verwijsindex.language";
const KEYS = "verwijsindex.keys";
const SEEN = "verwijsindex.seen";

/* A browser may be told to keep nothing; then the page works without. */
function get(name) {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}

function set(name, value) {
  try {
    if (value === "") {
      localStorage.removeItem(name);
    } else {
      localStorage.setItem(name, value);
    }
    return true;
  } catch {
    return false;
  }
}

export const recallLanguage = () => get(LANGUAGE);
export const keepLanguage = (language) => set(LANGUAGE, language);

/* One verifier key a line. */
export const recallKeys = () => get(KEYS);
export const keepKeys = (text) => set(KEYS, text);

/* {time (ISO 8601), note}, or null. */
export function recallSeen() {
  const text = get(SEEN);
  const end = text.indexOf("\n");
  return end < 0 ? null : { time: text.slice(0, end), note: text.slice(end + 1) };
}
export const keepSeen = (time, note) => set(SEEN, `${time}\n${note}`);
export const forgetSeen = () => set(SEEN, "");
