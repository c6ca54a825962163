"""Requests to the hunting service. The API parses its JSON bodies into them; the command line builds them.

A `…Request` has the fields that a client sends; the order derived from it adds what the interface knows. Unknown fields
are rejected, so that misspelled ones are not silently ignored.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, GetJsonSchemaHandler, Tag, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from core.docstrings import field_docstrings
from core.domain.allocation import Allocation, Share
from core.domain.confirmation import EXTRA_CALLS, MAX_CONFIRM_JUDGES, MAX_EXTRA_CALLS, ConfirmPolicy, Policy
from core.domain.criteria import Criterion
from core.domain.parameters import MAX_LABEL_CHARS, NO_PARAMETERS, Parameters, Target
from core.domain.run import MAX_HUNTS, MAX_MODEL_CHARS
from core.domain.session import MAX_AUDIT_HELD, Visibility
from core.domain.sharing import MAX_COMMENT_CHARS
from core.domain.stop_rule import EVERY_HUNT, StopRule
from core.domain.task import PassRule
from core.domain.value import Value
from core.judge.robustness import MAX_REPLIES, Family

MAX_MODELS = 20
"""Maximum models per run."""
MAX_CRITERIA = 1000
MAX_CONFIRMED_HUNTS = 200
"""Maximum hunts per request for second opinions: each is a job."""
MAX_WHOLE = 2**53
"""Larger integers lose precision in JavaScript and other languages."""

ModelName = Annotated[str, Field(max_length=MAX_MODEL_CHARS)]
HuntId = Annotated[str, Field(min_length=1, max_length=100)]
CriterionId = Annotated[str, Field(min_length=1, max_length=10)]
AuditHeld = Annotated[int, Field(ge=0, le=MAX_AUDIT_HELD)]
PersonName = Annotated[str, Field(min_length=1, max_length=60)]
Version = Annotated[int, Field(ge=0, le=MAX_WHOLE)]


class Order(Value):
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe the fields by the strings after them."""
        schema = handler(core_schema)
        described = handler.resolve_ref_schema(schema)
        for name, text in field_docstrings(cls).items():
            described["properties"][name].setdefault("description", text)
        return schema


class OpenRequest(Order):
    """Options for opening a session."""

    visibility: Visibility = Visibility.OPEN
    require_check: bool = False
    require_two_sided_check: bool = False
    """A run needs a passed two-sided check."""
    judge_cut_replies: bool = False
    """Judge replies cut off at an output limit; otherwise they are errors. Fixed by the first run."""
    audit_held: AuditHeld = 0
    """Held hunts drawn at random into the review desk, for the corrected break rate."""


class OpenOrder(OpenRequest):
    idempotency_key: str = ""
    owner: str = ""
    """The signed-in user; "" without sign-in."""


class EditOrder(Order):
    """Changes to the task; omitted fields stay unchanged."""

    version: Version
    """The session version the edit is based on."""
    prompt: str | None = None
    response: str | None = None
    criteria: tuple[Criterion, ...] | None = None
    judge_system_prompt: str | None = None
    judge_prompt_template: str | None = None
    pass_rule: PassRule | None = None


class JudgeChoice(Order):
    """A judge and how it is called."""

    model: ModelName = ""
    """provider/model ID; empty: the default judge, or the previous one when a reply is judged again."""
    parameters: Parameters = NO_PARAMETERS
    """Without a temperature 0 is sent where the model takes one. A system prompt is the notebook's. `stop` would cut
    chosen verdicts off, whose outcomes reveal single verdicts of a blind session."""

    @model_validator(mode="after")
    def _without_text_parameters(self) -> JudgeChoice:
        if self.parameters.system_prompt is not None:
            raise ValueError("a judge takes no system_prompt; it is the task's judge_system_prompt")
        if self.parameters.stop is not None:
            raise ValueError("a judge takes no stop, which would cut off its verdicts")
        return self


NO_CHOICE = JudgeChoice()
"""The default judge, without parameters."""


class JudgedRequest(Order):
    """What names a judge, in one of two forms."""

    judge_model: ModelName = ""
    """Empty: the default judge, or the previous one when a reply is judged again."""
    judge: JudgeChoice | None = None
    """The judge with parameters, instead of `judge_model`."""

    @model_validator(mode="after")
    def _one_judge(self) -> Self:
        if self.judge and self.judge.model and self.judge_model not in ("", self.judge.model):
            raise ValueError("judge_model and judge.model differ")
        return self

    @property
    def chosen_judge(self) -> JudgeChoice:
        """The judge of either form. An empty model: none was chosen."""
        judge = self.judge or NO_CHOICE
        return judge if judge.model else judge.model_copy(update={"model": self.judge_model})


class CheckRequest(JudgedRequest):
    criterion_ids: Annotated[tuple[str, ...], Field(max_length=MAX_CRITERIA)] = ()
    """Judge only these; the other verdicts stay if the task is unchanged. Empty: all criteria."""


class CheckOrder(CheckRequest):
    idempotency_key: str = ""


class ProposeEditsRequest(Order):
    """A model that edits the reference response, so that it violates one criterion and nothing else."""

    model: Annotated[ModelName, Field(min_length=1)]
    """provider/model ID."""
    parameters: Parameters = NO_PARAMETERS
    """Without a system prompt, which the request has."""
    criterion_ids: Annotated[tuple[CriterionId, ...], Field(max_length=MAX_CRITERIA)] = ()
    """Criteria whose edits to propose, replacing those that there are. Empty: all without an edit of this task."""

    @model_validator(mode="after")
    def _without_system_prompt(self) -> ProposeEditsRequest:
        if self.parameters.system_prompt is not None:
            raise ValueError("edits are proposed without a system_prompt of yours")
        return self


class ProposeEditsOrder(ProposeEditsRequest):
    idempotency_key: str = ""


class EditRequest(Order):
    """A person's edit of the reference response."""

    text: str
    """The whole edited response; empty: removes the edit."""


class TargetRequest(Order):
    """A model with its parameters. The same model with two settings is two entries of a run."""

    model: ModelName
    label: Annotated[str, Field(max_length=MAX_LABEL_CHARS)] = ""
    """The name in tables and reports; empty: one made of the model and its parameters."""
    parameters: Parameters = NO_PARAMETERS


class ConfirmRequest(Order):
    """Second opinions: which verdicts other judges are asked about."""

    policy: Policy = "none"
    """breaks: the FAILs of every break that could change its outcome; pivotal: also such PASSes of held replies; all:
    every verdict of decided hunts."""
    judges: Annotated[tuple[JudgeChoice, ...], Field(max_length=MAX_CONFIRM_JUDGES)] = ()
    """Other judges than the run's. An outcome is confirmed if all of them agree with it."""
    max_extra_calls: Annotated[int, Field(ge=1, le=MAX_EXTRA_CALLS)] = EXTRA_CALLS
    """Replies beyond this number of judge calls stay unconfirmed."""

    @model_validator(mode="after")
    def _fits(self) -> ConfirmRequest:
        if not all(judge.model for judge in self.judges):
            raise ValueError("a confirming judge needs a model")
        self.policy_of_run()
        return self

    def policy_of_run(self) -> ConfirmPolicy:
        judges = tuple(Target(model=judge.model, parameters=judge.parameters) for judge in self.judges)
        return ConfirmPolicy(policy=self.policy, judges=judges, max_extra_calls=self.max_extra_calls)


NO_SECOND_OPINIONS = ConfirmRequest()


class ConfirmHuntsRequest(Order):
    """Second opinions on stored replies."""

    hunt_ids: Annotated[tuple[HuntId, ...], Field(min_length=1, max_length=MAX_CONFIRMED_HUNTS)]
    judges: Annotated[tuple[JudgeChoice, ...], Field(min_length=1, max_length=MAX_CONFIRM_JUDGES)]
    """Other judges than the hunts' own."""
    policy: Literal["breaks", "pivotal", "all"] = "pivotal"
    """As in a run; breaks leaves out replies that held."""
    max_extra_calls: Annotated[int, Field(ge=1, le=MAX_EXTRA_CALLS)] = EXTRA_CALLS
    """Hunts beyond this number of judge calls are left out."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        ConfirmRequest(policy=self.policy, judges=self.judges)
        return self

    @property
    def targets(self) -> tuple[Target, ...]:
        return ConfirmRequest(policy=self.policy, judges=self.judges).policy_of_run().judges


class ConfirmOrder(ConfirmHuntsRequest):
    idempotency_key: str = ""


class RobustnessRequest(JudgedRequest):
    """Which replies are judged with attacks in them, and by whom."""

    replies: Annotated[int, Field(ge=1, le=MAX_REPLIES)] = 4
    """How many, breaks and held hunts in turn by number. Not used with `hunt_ids`."""
    hunt_ids: Annotated[tuple[HuntId, ...], Field(max_length=MAX_REPLIES)] = ()
    families: tuple[Family, ...] = ()
    """Families of attacks; empty: all. Harmless sentences are always judged, to compare the attacks with."""


class RobustnessOrder(RobustnessRequest):
    idempotency_key: str = ""


NAME_FORM, OBJECT_FORM = "a name", "an object"
"""Tags of the two forms of a run's entry. With a space, so that they differ from every field's name."""


def _form(entry: object) -> str:
    return OBJECT_FORM if isinstance(entry, dict | TargetRequest) else NAME_FORM


Entry = Annotated[
    Annotated[ModelName, Tag(NAME_FORM)] | Annotated[TargetRequest, Tag(OBJECT_FORM)], Discriminator(_form)
]
"""provider/model ID, or an object with parameters. An error is about the form that the client sent."""


class RunRequest(JudgedRequest):
    """Models and number of hunts, or a run whose failed hunts are retried."""

    models: Annotated[tuple[Entry, ...], Field(max_length=MAX_MODELS)] = ()
    """provider/model ID, or an object with parameters; the hunts are split across the entries in rotation."""
    hunts: Annotated[int, Field(ge=1, le=MAX_HUNTS)] = 8
    retry_errors_of: Annotated[str, Field(max_length=100)] = ""
    """A run of this session: retries each hunt that ended with an error, on the same model with the same parameters."""
    stop: StopRule = EVERY_HUNT
    """When to stop starting hunts; started hunts finish."""
    confirm: ConfirmRequest = NO_SECOND_OPINIONS
    """Second opinions of other judges."""
    allocation: Allocation = "even"
    """even: hunts in rotation. adaptive: at least 20 % of them in rotation, the others to the entry with the most
    breaks per dollar so far, drawn when they begin; needs two entries."""
    override_check: bool = False
    """Start without a passed check that the session requires; this is recorded."""

    @model_validator(mode="after")
    def _confirms(self) -> Self:
        if self.stop.confirmed_breaks is not None and self.confirm.policy == "none":
            raise ValueError("the stop rule confirmed_breaks needs second opinions: give confirm a policy and judges")
        if self.retry_errors_of and self.allocation == "adaptive":
            raise ValueError("a retry keeps the model of each hunt: leave out allocation")
        return self


class RunOrder(RunRequest):
    trial: bool = False
    """A trial: a single hunt that is counted separately."""
    shares: tuple[Share, ...] = ()
    """Of a retry: the shares of the retried hunts of an adaptive run."""
    idempotency_key: str = ""


class RejudgeRequest(JudgedRequest):
    criterion_ids: Annotated[tuple[CriterionId, ...], Field(max_length=MAX_CRITERIA)] = ()
    """Empty: all criteria."""


class RejudgeOrder(RejudgeRequest):
    idempotency_key: str = ""


class SettingsOrder(Order):
    """Changes to a session's settings; omitted fields stay unchanged."""

    version: Version
    """The session version the edit is based on."""
    visibility: Visibility | None = None
    """Fixed by the first run."""
    require_check: bool | None = None
    require_two_sided_check: bool | None = None
    judge_cut_replies: bool | None = None
    """Fixed by the first run."""
    slots: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Number of hunts to select; fixed by the reveal."""
    least_breaks: Annotated[int, Field(ge=0, le=1000)] | None = None
    audit_held: AuditHeld | None = None
    """Held hunts drawn at random into the review desk; fixed by the reveal."""


class ReviewOrder(Order):
    """The whole review; a draft may lack verdicts and explanation."""

    verdicts: dict[CriterionId, Literal["PASS", "FAIL"]] = Field(default_factory=dict, max_length=MAX_CRITERIA)
    explanation: str = ""
    based_on: Annotated[str, Field(max_length=40)] | None = None
    """saved_at of the edited review, "" for a new one; omitted: overwrites any review."""


class TurnRequest(Order):
    hunt_id: HuntId
    """A held hunt; its reply becomes this turn's answer in the history."""
    prompt: str
    response: str = ""
    criteria: tuple[Criterion, ...] = ()


class TurnOrder(TurnRequest):
    idempotency_key: str = ""


class TransferOrder(Order):
    to: PersonName
    """Who gets the session: a name that may sign in."""
    keep_access: bool = False
    """You may still read everything and comment; you change nothing any more."""
    note: Annotated[str, Field(max_length=MAX_COMMENT_CHARS)] = ""
    """For the new owner."""


class AskReviewerOrder(Order):
    reviewer: PersonName
    """Who reviews: a name that may sign in and has not seen the session."""


class SettleOrder(Order):
    verdict: Literal["PASS", "FAIL"]
    note: Annotated[str, Field(max_length=MAX_COMMENT_CHARS)] = ""
    """Why."""


class CommentOrder(Order):
    """A remark on a hunt or on a criterion: give one of the two."""

    hunt_id: Annotated[str, Field(max_length=100)] = ""
    criterion_id: Annotated[str, Field(max_length=10)] = ""
    text: Annotated[str, Field(min_length=1, max_length=MAX_COMMENT_CHARS)]
