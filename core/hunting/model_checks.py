"""What is checked of models before they are called: names, parameters and daily budgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.budget.budgets import Budgets
from core.clock import Clock
from core.domain.confirmation import NO_CONFIRM, ConfirmPolicy
from core.domain.parameters import Target
from core.domain.session import Session
from core.hunting.orders import JudgeChoice
from core.hunting.runs.estimate import ModelWarning, Offers
from core.providers.model_catalog import Catalog

MAX_SUGGESTING_S = 0.1
"""Longest search for the names that were meant by misspelled ones, of all models of a request together."""


@dataclass(frozen=True)
class ModelChecks:
    catalog: Catalog
    budgets: Budgets
    offers: Offers
    """Prices and output limits, for estimates."""
    clock: Clock

    def check(
        self, targets: Sequence[Target], chosen: JudgeChoice, confirm: ConfirmPolicy = NO_CONFIRM
    ) -> tuple[Target, tuple[str, ...]]:
        """Return the chosen judge, or the default one, and notes on parameters that a provider may ignore. Raises
        BadInput for an unknown model, and for parameters that it does not take."""
        judge = Target(model=chosen.model or self.catalog.default_judge, parameters=chosen.parameters)
        distinct = {target.target: target for target in targets}
        notes = [self.catalog.check_parameters(one.model, one.parameters) for one in distinct.values()]
        for one in (judge, *confirm.judges):
            notes.append(self.catalog.check_parameters(one.model, one.parameters, "judge"))
        return judge, tuple(dict.fromkeys(note for some in notes for note in some))

    def warnings(self, models: Iterable[str]) -> tuple[ModelWarning, ...]:
        """Return the doubts about names that are not in their provider's list."""
        warnings, until_s = [], self.clock.monotonic() + MAX_SUGGESTING_S
        for model in dict.fromkeys(models):
            if self.clock.monotonic() < until_s and (suggestion := self.catalog.suggestion(model)):
                warnings.append(ModelWarning(model, suggestion, f"{model}: did you mean {suggestion}?"))
            elif (listing := self.catalog.listed(model)) is not None and listing.gone_at is not None:
                gone = f"{model} has not been in its provider's list since {listing.gone_at:%Y-%m-%d}."
                warnings.append(ModelWarning(model, "", gone))
        return tuple(warnings)

    async def refuse_spent(self, session: Session, models: Iterable[str]) -> None:
        """Raise BudgetSpent if a daily budget that would pay for these models is spent. Simulated ones cost nothing."""
        if accounts := self.catalog.accounts_of(models):
            await self.budgets.refuse_spent(session.owner, accounts)
