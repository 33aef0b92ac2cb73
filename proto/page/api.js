/* SPDX-License-Identifier: EUPL-1.2 */
/* Asking the index: what comes back, or an ApiError that says what went wrong. */

const PATIENCE = 30000; /* ms */
const TRIES = 5; /* of what may be asked again without being logged */
const PROBLEM = "application/problem+json";

/* `kind`: "problem" (the index refused; the members of its problem document), "network" (no
 * answer), "timeout", or "format" (an answer that makes no sense). */
export class ApiError extends Error {
  constructor(kind, members = {}) {
    super(kind);
    Object.assign(this, { kind, errors: [] }, members);
  }
}

async function readProblem(response) {
  let problem = {};
  if ((response.headers.get("Content-Type") ?? "").startsWith(PROBLEM)) {
    problem = await response.json().catch(() => ({}));
  }
  return new ApiError("problem", {
    status: response.status,
    slug: String(problem.type ?? "").split("/").pop(),
    title: problem.title ?? response.statusText,
    detail: problem.detail ?? "",
    errors: Array.isArray(problem.errors) ? problem.errors : [],
    retryAfter: Number(response.headers.get("Retry-After")) || 0,
  });
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, {
      credentials: "same-origin",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(PATIENCE),
      ...options,
    });
  } catch (fault) {
    throw new ApiError(fault.name === "TimeoutError" ? "timeout" : "network");
  }
  if (!response.ok) {
    throw await readProblem(response);
  }
  return response;
}

/* The body, or an ApiError when it ends too early or is no JSON. */
async function read(response, how) {
  try {
    return await response[how]();
  } catch (fault) {
    throw new ApiError(fault instanceof SyntaxError ? "format" : "network");
  }
}

async function readAnswer(response) {
  const index = response.headers.get("Log-Index");
  return {
    json: await read(response, "json"),
    logIndex: index === null ? null : Number(index),
  };
}

/* {json, logIndex}: the answer, and which entry of the log it made. Members of `query` that are
 * empty are left out. */
export async function getJson(path, query = {}) {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ""));
  const address = text.size > 0 ? `${path}?${text}` : path;
  return readAnswer(await ask(address, {
    headers: { Accept: "application/json" }, cache: "no-store",
  }));
}

export async function postJson(path, body) {
  return readAnswer(await ask(path, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    body: JSON.stringify(body),
    cache: "no-store",
  }));
}

export async function getText(path) {
  return read(await ask(path, { cache: "no-store" }), "text");
}

const pause = (seconds) => new Promise((go) => setTimeout(go, seconds * 1000));

/* As it does no harm to ask again: patient when the index is busy. `isFresh`: not from the cache of
 * the browser. */
export async function getBytes(path, isFresh = false) {
  for (let i = 1; ; i += 1) {
    try {
      const response = await ask(path, { cache: isFresh ? "reload" : "default" });
      return new Uint8Array(await read(response, "arrayBuffer"));
    } catch (fault) {
      if (i === TRIES || !(fault.status === 429 || fault.status === 503)) {
        throw fault;
      }
      await pause(Math.min(fault.retryAfter || 1, 60));
    }
  }
}
