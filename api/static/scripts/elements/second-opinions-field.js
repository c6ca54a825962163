// The second opinions of the next run: what is judged again, by whom, with how many calls at most, and what that does.

import { emit, make, setOptions, setText, show } from "../dom.js";
import { chosenConfirm, MAX_EXTRA_CALLS, POLICIES, sharedMistakes } from "../state/second-opinions.js";
import { PageElement } from "./element.js";

export class SecondOpinionsField extends PageElement {
  #judgesOf = "";

  inputs(state) {
    return [state.session, state.plan, state.server];
  }

  build() {
    this.className = "field confirm";
    const change = (fields) => emit(this, "plan-confirm", fields);
    this.policy = make("select", { id: "plan-confirm", onchange: () => change({ policy: this.policy.value }) }, ...POLICIES.map(([value, label]) => make("option", { value }, label)));
    this.others = [0, 1].map((place) => make("select", {
      "aria-label": place ? "Second confirming judge" : "Confirming judge",
      onchange: ({ target: { value } }) => change(value === "nobody" ? { count: place } : { place, judge: value }),
    }));
    this.cap = make("input", { type: "number", id: "plan-cap", min: "1", max: String(MAX_EXTRA_CALLS), onchange: () => change({ cap: this.cap.valueAsNumber }) });
    this.by = make("div", { class: "amount by" }, make("span", { class: "faint" }, "by"), ...this.others, make("span", { class: "cap" }, make("label", { class: "faint", for: "plan-cap" }, "extra judge calls, at most"), this.cap));
    this.about = make("p", { class: "faint" });
    this.shared = make("p", { class: "caution", role: "status", hidden: true });
    this.append(make("label", { for: "plan-confirm" }, "Second opinions"), make("div", { class: "amount" }, this.policy, this.by), this.about, this.shared);
  }

  draw(session, plan, server) {
    if (session === null) return;
    const { default_judge: defaultJudge } = session;
    const chosen = chosenConfirm(plan, defaultJudge, server);
    this.#drawChoice(plan, chosen);
    const warning = chosen.policy === "none" ? "" : sharedMistakes(plan, defaultJudge, server, chosen.judges);
    show(this.shared, warning !== "");
    setText(this.shared, warning);
    this.#loadJudges(plan.judge || defaultJudge);
  }

  #drawChoice(plan, { policy, judges, cap, usable }) {
    this.policy.disabled = usable.length === 0;
    this.policy.value = policy;
    show(this.by, policy !== "none");
    show(this.others[1], usable.length > 1);
    const [named] = plan.confirm.judges;
    const automatic = judges.length && !usable.includes(named) ? [["", `${judges[0]} (default)`]] : [];
    setOptions(this.others[0], [...automatic, ...usable.map((name) => [name, name])], usable.includes(named) ? named : "");
    setOptions(this.others[1], [["nobody", "nobody else"], ...usable.filter((name) => name !== judges[0]).map((name) => [name, `and ${name}`])], judges[1] ?? "nobody");
    if (document.activeElement !== this.cap) this.cap.value = cap;
    setText(this.about, confirmText(policy, judges, usable));
  }

  /** What reviews say about other judges is read once for each first judge. */
  #loadJudges(first) {
    if (first === this.#judgesOf) return;
    this.#judgesOf = first;
    emit(this, "load-judges", first);
  }
}

/** What second opinions do. */
function confirmText(policy, judges, usable) {
  if (usable.length === 0) return "Second opinions need another usable judge. A break of one judge is unconfirmed.";
  const [, , about] = POLICIES.find(([name]) => name === policy);
  if (policy === "none") return `${about} Breaks stay unconfirmed; they can be confirmed later.`;
  return `${judges.length > 1 ? about.replace("Another judge is", "Both other judges are") : about} A break is confirmed if it stays a break with ${judges.length > 1 ? "the answers of each" : "the other judge’s answers"}.`;
}

customElements.define("second-opinions-field", SecondOpinionsField);
