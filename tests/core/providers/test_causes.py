"""What an error means: by its name, its status, its words, or the words of a TLS library."""

import json

import pytest

from core.providers.causes import UNTRUSTED, cause_of, certificate_cause
from core.providers.problem import read_problem
from tests.core.providers.test_problem import REGION, UPSTREAM, error_body


@pytest.mark.parametrize(
    ("words", "says_what"),
    [
        ("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))", "a CA certificate as its own"),
        (
            'certificate not valid for name "localhost"; certificate is only valid for DnsName("elsewhere")',
            "another name",
        ),
        ("certificate verify failed: IP address mismatch, certificate is not valid for '127.0.0.1'.", "another name"),
        ("certificate verify failed: Hostname mismatch, certificate is not valid for 'localhost'.", "another name"),
        ("invalid peer certificate: certificate expired: verification time 2 (UNIX)", "an expired certificate"),
        ("certificate verify failed: certificate has expired (_ssl.c:1006)", "an expired certificate"),
        ("invalid peer certificate: certificate not valid yet: verification time 2 (UNIX)", "not valid yet"),
        ("certificate verify failed: certificate is not yet valid (_ssl.c:1006)", "not valid yet"),
        ("invalid peer certificate: Other(OtherError(UnsupportedCertVersion))", "version 1"),
        ("invalid peer certificate: UnknownIssuer", "an untrusted certificate"),
        ("certificate verify failed: self-signed certificate (_ssl.c:1006)", "an untrusted certificate"),
    ],
)
def test_only_a_certificate_that_nobody_vouches_for_is_to_be_named_in_tls_ca_file(words, says_what):
    cause = certificate_cause(words)
    assert says_what in cause.says
    assert (cause.code, cause.advice) == (UNTRUSTED.code, UNTRUSTED.advice)
    assert (cause.hint == UNTRUSTED.hint) == (says_what == "an untrusted certificate")


CAUSES = {
    "refused": [
        (403, error_body("Your chosen model requires moderation and your input was flagged", code=403)),
        (400, error_body("Invalid prompt: flagged as potentially violating our usage policy.", code="invalid_prompt")),
        (400, error_body("Your request was rejected by our safety system", code="content_policy_violation")),
        (400, error_body("", code="DataInspectionFailed")),
        (400, error_body("The response was filtered", code="content_filter", innererror={"code": "ResponsibleAIPolicyViolation"})),
        (200, {"base_resp": {"status_code": 1026, "status_msg": "input new_sensitive content"}}),
    ],
    "forbidden": [
        (403, {"error": {**UPSTREAM, "code": 403, "metadata": {"raw": json.dumps(REGION)}}}),
        (400, error_body("User location is not supported for the API use.", status="FAILED_PRECONDITION")),
        (403, error_body("You are not allowed to sample from this model")),
        (451, "Unavailable"),
    ],
    "unauthorized": [
        (401, error_body("No auth credentials found")),
        (403, error_body("Incorrect API key provided")),
        (400, error_body("API key not valid. Please pass a valid API key.", status="INVALID_ARGUMENT")),
        (200, {"base_resp": {"status_code": 1004, "status_msg": "login fail: the API secret key is wrong"}}),
        (200, {"error": "Invalid API key"}),
        (200, {"success": False, "message": "Unauthorized"}),
        (200, {"code": 401, "msg": "token expired"}),
    ],
    "out_of_credit": [
        (429, error_body("You exceeded your current quota", code="insufficient_quota")),
        (403, error_body("", type="insufficient_user_quota")),
        (400, error_body("Your credit balance is too low to access the API")),
        (200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}),
    ],
    "rate_limited": [
        (200, {"code": "rate_limit_daily", "message": "Your daily allowance is used up"}),
        (429, error_body("Quota exceeded", status="RESOURCE_EXHAUSTED")),
        (403, error_body("Quota exceeded for requests per minute")),
        (200, {"errors": [{"message": "Too many requests"}]}),
    ],
    "too_large": [
        (400, error_body("the request exceeds the available context size", type="exceed_context_size_error", code=400)),
        (400, error_body("litellm.ContextWindowExceededError: BadRequestError", type=None, code="400")),
        (400, error_body("prompt is too long: 210000 tokens > 200000 maximum", type="invalid_request_error")),
        (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "type": "BadRequestError"}),
        (429, error_body("Request too large for gpt-x on tokens per min: Limit 30000", code="rate_limit_exceeded")),
    ],
    "unknown_model": [
        (400, error_body("/chat/completions: Invalid model name passed in model=x. Call `/v1/models`", code="400")),
        (404, error_body("The model `x` does not exist")),
        (404, error_body("No endpoints found for x.", code=404)),
        (404, error_body("The API deployment for this resource does not exist", code="DeploymentNotFound")),
        (404, {"error": 'model "x" not found, try pulling it first'}),
    ],
    "wrong_address": [
        (404, "404 page not found"),
        (404, {"detail": "Not Found"}),
        (404, ""),
        (404, "<html><title>404 Not Found</title></html>"),
        (404, "<html><title>Our models are not found here</title></html>"),
        (404, error_body("Invalid URL (POST /chat/completions)")),
        (405, {"detail": "Method Not Allowed"}),
    ],
    "bad_request": [
        (400, error_body("'messages' must not be empty", type="invalid_request_error")),
        (422, {"detail": [{"loc": ["body", "n"], "msg": "Field required"}]}),
        (200, error_body("'messages' must not be empty", type="invalid_request_error")),
    ],
    "server_error": [
        (500, "Internal Server Error"), (502, "<html><title>502 Bad Gateway</title></html>"),
        (200, {"error": "something broke"}), (200, {"success": False, "message": "Try it later"}),
    ],
    "overloaded": [(503, ""), (529, error_body("", type="overloaded_error")), (200, error_body("", type="overloaded_error"))],
}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "status", "error"), [(code, *case) for code, cases in CAUSES.items() for case in cases]
)
def test_an_error_means_what_its_name_its_status_and_its_words_say(code, status, error):
    problem = read_problem(error.encode() if isinstance(error, str) else json.dumps(error).encode())
    assert cause_of(problem.status or status if status == 200 else status, problem).code == code
