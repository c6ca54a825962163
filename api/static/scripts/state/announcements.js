// Progress as a sentence for screen readers, and the window's title.

import { activeRuns, totals } from "./session.js";

/** One sentence about the progress, or "". */
export function progressSentence(session) {
  if (!session || session.runs.length === 0) return "";
  const run = activeRuns(session)[0] ?? session.runs.at(-1);
  const { done, total, broke, error } = run.counts;
  const errors = error ? `, ${counted(error, "error")}` : "";
  const place = session.runs.length > 1 ? `Run ${session.runs.indexOf(run) + 1}: ` : "";
  const what = `${done} of ${counted(total, "hunt")} done, ${counted(broke, "break")}${errors}.`;
  return place + (activeRuns(session).length ? what : `${ending(run)} ${what}`);
}

function ending(run) {
  return { completed: "Finished.", cancelled: "Cancelled.", failed: "Stopped." }[run.status] ?? "";
}

/** One sentence about the reference check, or "". */
export function checkSentence(check) {
  switch (check?.status) {
    case "running":
      return "Reference check is running.";
    case "passed":
      return "Reference check passed.";
    case "failed": {
      const failed = check.verdicts.filter((verdict) => verdict.verdict !== "PASS").map((verdict) => verdict.criterion_id);
      return `Reference check failed: ${failed.join(", ")}.`;
    }
    case "undetermined":
      return "Reference check could not be decided.";
    case "error":
      return "Reference check ended with an error.";
    default:
      return "";
  }
}

/** The window's title: what is useful to see from another tab. */
export function titleOf(state) {
  if (state.access === "reviewer") return `Second review${state.review.name ? ` · ${state.review.name}` : ""} · Model Hunter`;
  if (state.route.name !== "session" || !state.session) return "Model Hunter";
  const name = state.session.name || "Task";
  if (state.lostSince !== null) return `Not connected · ${name} · Model Hunter`;
  const { done, total, broke } = totals(state.session);
  const progress = total ? `${broke} broke · ${done}/${total} · ` : "";
  return `${progress}${name} · Model Hunter`;
}

export function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
