// After the reveal: the user's verdicts beside the judge's, disagreements first; agreement by criterion and overall.

import { keyed, make, setText, show } from "../dom.js";
import { rate } from "../format.js";
import { huntAddress } from "../router.js";
import { PageElement } from "./element.js";
import { verdictMark } from "./widgets.js";

export class AgreementTable extends PageElement {
  inputs(state) {
    return [state.session, state.hunts];
  }

  build() {
    this.total = make("p", { class: "total" });
    this.criteria = make("ul", { class: "chips" });
    this.list = make("ol", { class: "compared" });
    this.append(make("h2", {}, "You and the judge"), this.total, this.criteria, this.list);
  }

  draw(session, hunts) {
    const agreement = session?.agreement;
    show(this, Boolean(session?.revealed && agreement));
    if (!agreement) return;
    const decided = agreement.agree + agreement.disagree;
    setText(this.total, `You agree on ${agreement.agree} of ${decided} verdicts (${rate(decided ? agreement.agree / decided : null)})${agreement.unclear ? `; ${agreement.unclear} could not be compared` : ""}. By criterion:`);
    keyed(this.criteria, agreement.criteria, (one) => one.criterion_id, () => make("li", { class: "tag" }),
      (tag, one) => setText(tag, `${one.criterion_id}: ${one.agree} of ${one.agree + one.disagree}`));
    keyed(this.list, rows(session, hunts), (row) => row.key, makeRow, drawRow);
  }
}

/** One row for each criterion of each reviewed hunt, disagreements first. */
function rows(session, hunts) {
  const isLoaded = ({ hunt_id: id }) => id && hunts.byId.get(id)?.verdicts.length !== 0; // right after the reveal the verdicts are not there yet
  const all = session.reviews.filter(isLoaded).flatMap((review) => {
    const hunt = hunts.byId.get(review.hunt_id);
    const judged = new Map((hunt?.verdicts ?? []).map((verdict) => [verdict.criterion_id, verdict]));
    return session.task.criteria.map(({ id, text }) => ({
      key: `${review.hunt_id} ${id}`, id, text, hunt, mine: review.verdicts[id] ?? null, judge: judged.get(id) ?? null, explanation: review.explanation, session,
    }));
  });
  const differs = (row) => Number(row.mine !== row.judge?.verdict);
  return all.sort((one, other) => differs(other) - differs(one));
}

function makeRow({ id }) {
  const item = make("li");
  item.link = make("a");
  item.mine = make("span");
  item.judge = make("span");
  item.words = make("p", { class: "words" });
  item.reason = make("p", { class: "words soft" });
  item.append(make("div", { class: "line" }, make("b", { class: "mono" }, id), item.link, make("span", { class: "whose" }, make("span", { class: "faint" }, "you"), " ", item.mine), make("span", { class: "whose" }, make("span", { class: "faint" }, "judge"), " ", item.judge)), item.words, item.reason);
  return item;
}

function drawRow(item, { id, text, hunt, mine, judge, session }) {
  const differs = mine !== judge?.verdict;
  item.className = differs ? "differs" : "";
  setText(item.link, hunt ? `Hunt ${hunt.number}` : "Hunt");
  if (hunt) item.link.href = huntAddress(session.session_id, hunt.hunt_id);
  item.mine.replaceChildren(verdictMark(id, mine), ` ${mine ?? "none"}`);
  item.judge.replaceChildren(verdictMark(id, judge?.verdict), ` ${judge?.verdict ?? "none"}`);
  setText(item.words, text);
  show(item.reason, differs && Boolean(judge?.reason));
  setText(item.reason, judge?.reason ? `The judge: ${judge.reason}` : "");
}

customElements.define("agreement-table", AgreementTable);
