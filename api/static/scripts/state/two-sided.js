// The two-sided check: the verdicts on edits of the reference response as a matrix, and what is open.

/**
 * The rows of the matrix: the unedited reference first, then each edit with a text: {criterionId, cells}, null for the reference.
 * A cell {id, verdict, odd}: `verdict` is null without one; `odd` if it is not as expected. Expected is FAIL on the violated criterion, and
 * elsewhere the verdict on the unedited reference.
 */
export function matrixOf(check, criteria) {
  const reference = new Map(check.reference.map((verdict) => [verdict.criterion_id, verdict]));
  const row = (criterionId, verdicts) => {
    const known = new Map(verdicts.map((verdict) => [verdict.criterion_id, verdict]));
    const cells = criteria.map(({ id }) => {
      const verdict = known.get(id) ?? null;
      return { id, verdict, odd: verdict !== null && verdict.verdict !== expected(criterionId, id, reference) };
    });
    return { criterionId, cells };
  };
  const edits = check.edits.filter((edit) => edit.text).map((edit) => row(edit.criterion_id, edit.verdicts));
  return [row(null, check.reference), ...edits];
}

function expected(violated, id, reference) {
  if (violated === id) return "FAIL";
  return (violated === null ? null : reference.get(id)?.verdict) ?? "PASS";
}

/** {state, words, about} of the check, as the reference check is described. */
export function describeTwoSided(check, criteria) {
  const fresh = check.edits.filter((edit) => edit.text && !edit.stale).length;
  const edits = `${fresh} of ${criteria.length} criteria have an edit`;
  const received = [check.reference, ...check.edits.filter((edit) => edit.judged).map((edit) => edit.verdicts)].flat().length;
  const judged = 1 + check.edits.filter((edit) => edit.judged).length;
  if (check.proposals.running) return { state: "busy", words: "Edits are being proposed …", about: `Waiting for ${check.proposals.open.join(", ")}` };
  if (check.status === "running") return { state: "busy", words: "Judging the edits …", about: `${received} of ${judged * criteria.length} verdicts received` };
  if (check.stale || (check.edits.length > 0 && fresh === 0)) return { state: "open", words: "Two-sided check is stale", about: "The task was changed since its edits were made." };
  switch (check.status) {
    case "none":
      return { state: "open", words: "Not checked whether criteria can fail", about: `${edits}.` };
    case "passed":
      return { state: "passed", words: "Every criterion can fail, on its own", about: `Each edit failed exactly its criterion · judged by ${check.judge_model}` };
    case "failed":
      return { state: "failed", words: "Some criteria do not behave as expected", about: `Judged by ${check.judge_model}` };
    case "error":
      return { state: "failed", words: "The two-sided check ended with an error", about: check.error };
    default:
      return { state: "open", words: "The two-sided check is incomplete", about: `${edits} · judged by ${check.judge_model}` };
  }
}

/** One item per criterion: its edit, or an empty one. */
export function editsOf(check, criteria) {
  const known = new Map(check.edits.map((edit) => [edit.criterion_id, edit]));
  return criteria.map(({ id, text }) => ({ id, criterion: text, edit: known.get(id) ?? null }));
}
