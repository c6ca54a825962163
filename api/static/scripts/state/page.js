// The whole state of the page as one plain object, and what every event makes of it. No document, no network,
// no clock in here: the same events give the same state, in a browser and in node.

import { reduceActs } from "./acts.js";
import { inStep } from "./counts.js";
import { emptyDesk, reduceDesk } from "./desk.js";
import { closedDetail, reduceDetail } from "./detail.js";
import { emptyDraft, reduceDraft } from "./draft.js";
import { noHunts, reduceHunts } from "./hunts.js";
import { reduceNotices } from "./notices.js";
import { emptyPlan, reducePlan } from "./plan.js";
import { reduceSession } from "./session.js";

/** How the session is looked at: which hunts in which order, and which tab of the task and of an opened hunt. */
const EVERYTHING = {
  filter: "all", run: "all", sort: "number", order: "ascending", model: "all", criterion: "all", search: "",
  tab: "criteria", reading: "reply",
};

export function initialState() {
  return {
    route: { name: "start", layer: null },
    theme: "light",
    server: { firstVersion: null, newVersion: null, health: null, models: null, examples: null, who: null },
    recent: [],
    /** none | loading | ready | gone | unreachable */
    access: "none",
    /** idle | live | polling | reconnecting */
    connection: "idle",
    /** Since when the server cannot be reached; null while it can, as far as is known. */
    lostSince: null,
    session: null,
    hunts: noHunts(),
    view: EVERYTHING,
    plan: emptyPlan(),
    detail: closedDetail(),
    draft: emptyDraft(),
    /** Words for a session that has ended, which only this browser still holds: task fields and explanations. */
    kept: [],
    desk: emptyDesk(),
    insights: null,
    preview: null,
    /** Whole replies by hunt id, as far as they were read for searching. */
    texts: new Map(),
    /** What the server says of the sessions that this browser remembers. */
    work: [],
    acts: {},
    notices: [],
  };
}

/**
 * A session that is gone is left: nothing of it goes on. `event.sid`: the session that an answer is of; when it comes after that
 * was left, it changes nothing.
 */
export function reduce(state, event) {
  if (event.sid && event.sid !== state.route.sessionId) return state;
  if (event.type === "session.gone") return reduceOne(reduceOne(state, { type: "session.left" }), event);
  return reduceOne(state, event);
}

function reduceOne(state, event) {
  const next = reduceParts(state, event);
  return { ...next, session: inStep(next.session, next.hunts), lostSince: isLost(next) ? state.lostSince ?? event.at ?? null : null };
}

/** The event stream notices a closed connection first; of a server that is silent the health tells, or of any where no session is followed. */
function isLost({ connection, server }) {
  return connection === "reconnecting" || Boolean(server.health?.unreachable);
}

function reduceParts(state, event) {
  return {
    route: event.type === "route.changed" ? event.route : state.route,
    theme: event.type === "theme.chosen" ? event.theme : state.theme,
    server: reduceServer(state.server, event),
    recent: event.type === "recent.changed" ? event.recent : state.recent,
    access: reduceAccess(state.access, event),
    connection: reduceConnection(state.connection, event),
    session: reduceSession(state.session, event),
    hunts: reduceHunts(state.hunts, event),
    view: reduceView(state.view, event),
    plan: reducePlan(state.plan, event),
    detail: reduceDetail(state.detail, event),
    draft: reduceDraft(state.draft, event),
    kept: reduceKept(state.kept, event),
    desk: reduceDesk(state.desk, event),
    insights: reduceRead(state.insights, event, "insights"),
    preview: reduceRead(state.preview, event, "preview"),
    texts: reduceTexts(state.texts, event),
    work: event.type === "work.read" ? event.work : state.work,
    acts: reduceActs(state.acts, event),
    notices: reduceNotices(state.notices, event, state.route, state.lostSince !== null),
  };
}

function reduceServer(server, event) {
  switch (event.type) {
    case "health.read":
      return {
        ...server, health: event.health, firstVersion: server.firstVersion ?? event.health.version ?? null,
        newVersion: newerVersion(server, event.health),
      };
    case "connection.changed": // events come: whoever was silent answers again, and is asked how they are
      return server.health?.unreachable && event.connection !== "reconnecting" ? { ...server, health: null } : server;
    case "who.read":
      return { ...server, who: event.who };
    case "models.read":
      return { ...server, models: event.models };
    case "examples.read":
      return { ...server, examples: event.examples };
    default:
      return server;
  }
}

/** What was read of one session and is forgotten with it: `${name}.read` {[name]}. */
function reduceRead(known, event, name) {
  if (event.type === `${name}.read`) return event[name];
  return event.type === "session.left" ? null : known;
}

function reduceKept(kept, event) {
  if (event.type === "session.gone") return event.kept;
  return event.type === "session.left" ? [] : kept;
}

function reduceTexts(texts, event) {
  if (event.type === "texts.read") return new Map([...texts, ...event.texts]);
  return event.type === "session.left" ? new Map() : texts;
}

/** The version that the server has now, when it is another than this page came with; null otherwise. */
function newerVersion({ firstVersion, newVersion }, { version }) {
  return firstVersion && version && version !== firstVersion ? version : newVersion ?? null;
}

function reduceAccess(access, event) {
  switch (event.type) {
    case "session.opening":
      return "loading";
    case "session.read":
      return "ready";
    case "session.gone":
      return "gone";
    case "session.unreachable":
      return access === "ready" ? access : "unreachable";
    case "session.left":
      return "none";
    default:
      return access;
  }
}

function reduceConnection(connection, event) {
  if (event.type === "connection.changed") return event.connection;
  return event.type === "session.left" ? "idle" : connection;
}

function reduceView(view, event) {
  switch (event.type) {
    case "view.changed":
      return { ...view, ...event.view };
    case "session.left":
      return EVERYTHING;
    default:
      return view;
  }
}
