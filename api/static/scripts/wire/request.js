// Requests to the API. Every expected failure is a Problem with a message and a hint.

const TIMEOUT_S = 60;

let others = new AbortController(); // aborts every request but the page's last one
let lastFailed = Promise.resolve(); // settles if the last one fails, and the page stays

/** An expected failure: `code` is stable, `message` says what happened, `hint` what the reader can do. */
export class Problem extends Error {
  constructor({ code, message, hint = "", status = 0, details = {} }) {
    super(message);
    this.name = "Problem";
    this.code = code;
    this.hint = hint;
    this.status = status;
    this.details = details;
  }

  /** The same request may succeed later: the server is unreachable or overloaded, or the sign-in has expired. */
  get retryable() {
    return this.code === "unreachable" || this.status >= 500 || this.status === 401;
  }
}

/** A failure as the state holds it. Rethrows bugs of this page, which error-banner.js shows. */
export function problemOf(failure) {
  if (!(failure instanceof Problem)) throw failure;
  return { code: failure.code, message: failure.message, hint: failure.hint };
}

/** The response's JSON, or null if it has no body. `json` is sent as JSON, `body` as it is. */
export async function request(method, path, { json, body, headers = {}, timeoutS = TIMEOUT_S, signal = others.signal } = {}) {
  const response = await send(path, {
    method,
    signal,
    headers: { Accept: "application/json", ...(json ? { "Content-Type": "application/json" } : {}), ...headers },
    body: json ? JSON.stringify(json) : body,
    cache: "no-store",
  }, timeoutS);
  if (!response.ok) throw await problemFrom(response);
  return response.status === 204 ? null : await bodyOf(response);
}

/**
 * The request after which the page is left (a sign-out). It aborts all others, which the server could answer only with a refusal;
 * they and later ones stay open until the page is gone, and fail if this request fails.
 */
export async function requestLast(method, path) {
  let resume;
  lastFailed = new Promise((resolve) => { resume = resolve; });
  others.abort();
  try {
    return await request(method, path, { signal: null });
  } catch (failure) {
    others = new AbortController();
    resume();
    throw failure;
  }
}

/** Downloads a file: {blob, name}. */
export async function download(path) {
  const response = await send(path, { cache: "no-store", signal: others.signal });
  if (!response.ok) throw await problemFrom(response);
  return { blob: await receive(response.blob()), name: fileName(response.headers.get("Content-Disposition") ?? "") };
}

async function send(path, options, timeoutS = TIMEOUT_S) {
  const signals = [AbortSignal.timeout(timeoutS * 1000), options.signal].filter(Boolean);
  return receive(fetch(path, { ...options, signal: AbortSignal.any(signals) }));
}

/** Awaits a response's head or body: either can fail. */
async function receive(pending) {
  try {
    return await pending;
  } catch (cause) {
    if (cause.name === "AbortError") {
      await lastFailed;
      throw unreachable("The sign-out interrupted this request.");
    }
    if (cause.name === "TimeoutError") throw unreachable("The server does not respond.");
    if (cause instanceof TypeError) throw unreachable("The server cannot be reached.");
    throw cause;
  }
}

function unreachable(message) {
  return new Problem({
    code: "unreachable", message, hint: "Check your connection and try again. Nothing that has started is lost.",
  });
}

async function bodyOf(response) {
  try {
    return await receive(response.json());
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new Problem({
      code: "bad_answer", message: "The server's response could not be read.", hint: "Try again in a moment.",
      status: response.status,
    });
  }
}

/** If the sign-in has expired, the page is notified, which asks for another. */
async function problemFrom(response) {
  const text = await receive(response.text());
  if (response.status === 401) dispatchEvent(new CustomEvent("signed-out"));
  try {
    return new Problem({ status: response.status, ...JSON.parse(text).error });
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    return new Problem({ // not our server but a proxy answered
      code: "bad_answer", status: response.status, message: `The server answered ${response.status} without a reason.`,
      hint: "Try again in a moment. If the problem persists, contact your operator.",
    });
  }
}

/** The file name in a Content-Disposition header; the UTF-8 form wins over the plain one. */
export function fileName(header) {
  const encoded = /filename\*=(?:UTF-8|utf-8)''([^;]+)/.exec(header);
  if (encoded) return decodeURIComponent(encoded[1].trim());
  const plain = /filename="?([^";]+)"?/.exec(header);
  return plain ? plain[1].trim() : "task.ipynb";
}

/** A random ID. (crypto.randomUUID does not exist on pages that are served over plain HTTP.) */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
