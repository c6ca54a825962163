// The whole state of the page as one plain object, and the reducer that events go through. No document, network or clock here: the same
// events give the same state, in a browser and in Node.

import { NO_FILTERS } from "../hunts/filters.js";
import { reduceActions } from "./actions.js";
import { reduceComments } from "./comments.js";
import { withLiveCounts } from "./counts.js";
import { emptyDetail, reduceDetail } from "./open-hunt.js";
import { emptyDraft, reduceDraft } from "./draft.js";
import { noHunts, reduceHunts } from "./hunts.js";
import { reduceNotices } from "./notices.js";
import { emptyPlan, reducePlan } from "./plan.js";
import { emptyReview, reduceReview } from "./review.js";
import { noSecondReview, reduceSecondReview } from "./second-review.js";
import { reduceSession } from "./session.js";
import { noTasks, reduceTasks } from "./tasks.js";

/** What of the session is shown: which hunts in which order (filters: hunts/filters.js), and which tab of the task and of an open hunt. */
const DEFAULT_VIEW = { ...NO_FILTERS, sort: "number", order: "ascending", taskTab: "criteria", huntTab: "reply" };

export function initialState() {
  return {
    route: { name: "start", dialog: null },
    theme: "light",
    server: { firstVersion: null, newVersion: null, health: null, models: null, judges: {}, examples: null, who: null },
    recent: [],
    /** none | loading | ready | gone | unreachable | reviewer: the user has the second reviewer's desk, and no session */
    access: "none",
    /** idle | live | polling | reconnecting */
    connection: "idle",
    /** When the server was first found unreachable; null while it is reachable, as far as is known. */
    lostSince: null,
    session: null,
    hunts: noHunts(),
    view: DEFAULT_VIEW,
    plan: emptyPlan(),
    detail: emptyDetail(),
    draft: emptyDraft(),
    /** Texts written for a session that has expired, which only this browser still has. */
    unsaved: [],
    review: emptyReview(),
    second: noSecondReview(),
    comments: null,
    insights: null,
    /** The corrected break rates: {groups, why_not}. */
    rates: null,
    preview: null,
    /** Whole replies by hunt ID, as far as they were loaded for a search. */
    texts: new Map(),
    /** The server's summaries of the sessions that this browser remembers. */
    summaries: [],
    tasks: noTasks(),
    actions: {},
    notices: [],
  };
}

/** An event with a `sid` is dropped unless that session is open: a response may arrive after its session was left. */
export function reduce(state, event) {
  if (event.sid && event.sid !== state.route.sessionId) return state;
  if (event.type === "session.gone") return reduceOne(reduceOne(state, { type: "session.left" }), event);
  return reduceOne(state, event);
}

function reduceOne(state, event) {
  const next = reduceParts(state, event);
  return { ...next, session: withLiveCounts(next.session, next.hunts), lostSince: isLost(next) ? state.lostSince ?? event.at ?? null : null };
}

/** The event stream notices a closed connection first. Health notices a server that hangs, and any server while no session is open. */
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
    unsaved: reduceUnsaved(state.unsaved, event),
    review: reduceReview(state.review, event),
    second: reduceSecondReview(state.second, event),
    comments: reduceComments(state.comments, event),
    insights: reduceRead(state.insights, event, "insights"),
    rates: reduceRead(state.rates, event, "rates"),
    preview: reduceRead(state.preview, event, "preview"),
    texts: reduceTexts(state.texts, event),
    summaries: event.type === "summaries.read" ? event.summaries : state.summaries,
    tasks: reduceTasks(state.tasks, event),
    actions: reduceActions(state.actions, event),
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
    case "connection.changed": // the server sends events again, so its last health is out of date
      return server.health?.unreachable && event.connection !== "reconnecting" ? { ...server, health: null } : server;
    case "who.read":
      return { ...server, who: event.who };
    case "models.read":
      return { ...server, models: event.models };
    case "judges.read":
      return { ...server, judges: { ...server.judges, [event.first]: event.report } };
    case "examples.read":
      return { ...server, examples: event.examples };
    default:
      return server;
  }
}

/** What was read of one session, with `${name}.read` {[name]}, and is dropped with it. */
function reduceRead(known, event, name) {
  if (event.type === `${name}.read`) return event[name];
  return event.type === "session.left" ? null : known;
}

function reduceUnsaved(unsaved, event) {
  if (event.type === "session.gone") return event.unsaved;
  return event.type === "session.left" ? [] : unsaved;
}

function reduceTexts(texts, event) {
  if (event.type === "texts.read") return new Map([...texts, ...event.texts]);
  return event.type === "session.left" ? new Map() : texts;
}

/** The server's version if it differs from that of this page, else null. */
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
    case "session.review-only":
      return "reviewer";
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
    case "route.changed":
      return event.route.runId ? { ...view, run: event.route.runId } : view;
    case "session.left":
      return DEFAULT_VIEW;
    default:
      return view;
  }
}
