// One call to the API. Whatever goes wrong comes out as a Problem with a message and a hint for people.

const NO_ANSWER_S = 60;

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

  /** The same request may well work later, as it is: the server is away, or a sign-in has run out. */
  get passing() {
    return this.code === "unreachable" || this.status >= 500 || this.status === 401;
  }
}

/** What the state keeps of any failure. A fault of this page itself is passed on, to be told by the guard. */
export function problemOf(failure) {
  if (!(failure instanceof Problem)) throw failure;
  return { code: failure.code, message: failure.message, hint: failure.hint };
}

/** The answer's JSON, or null when it has no body. `json` is sent as JSON, `body` as it is; `withinS`: how long an answer may take. */
export async function request(method, path, { json, body, headers = {}, withinS = NO_ANSWER_S } = {}) {
  const response = await answer(path, {
    method,
    headers: { Accept: "application/json", ...(json ? { "Content-Type": "application/json" } : {}), ...headers },
    body: json ? JSON.stringify(json) : body,
    cache: "no-store",
  }, withinS);
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : await bodyOf(response);
}

/** A file that the API makes: {blob, name}. */
export async function download(path) {
  const response = await answer(path, { cache: "no-store" });
  if (!response.ok) throw await refusal(response);
  return { blob: await arrived(response.blob()), name: fileName(response.headers.get("Content-Disposition") ?? "") };
}

async function answer(path, options, withinS = NO_ANSWER_S) {
  return arrived(fetch(path, { ...options, signal: AbortSignal.timeout(withinS * 1000) }));
}

/** What comes from the server, head or body: both can fail to come. */
async function arrived(coming) {
  try {
    return await coming;
  } catch (cause) {
    if (cause.name === "TimeoutError") throw noAnswer("The server does not respond.");
    if (cause instanceof TypeError) throw noAnswer("The server cannot be reached.");
    throw cause;
  }
}

function noAnswer(message) {
  return new Problem({
    code: "unreachable", message, hint: "Check your connection and try again. Nothing that has started is lost.",
  });
}

async function bodyOf(response) {
  try {
    return await arrived(response.json());
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new Problem({
      code: "bad_answer", message: "The server's response could not be read.", hint: "Try again in a moment.",
      status: response.status,
    });
  }
}

/** A sign-in that has run out is told to the page, which asks for another. */
async function refusal(response) {
  const text = await arrived(response.text());
  if (response.status === 401) dispatchEvent(new CustomEvent("signed-out"));
  try {
    return new Problem({ status: response.status, ...JSON.parse(text).error });
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    return new Problem({ // something in between (a proxy) answered in its own words
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
