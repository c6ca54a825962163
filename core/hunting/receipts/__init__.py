"""Receipts: what proves a break, in one file that anybody can check and judge again without the server.
May use the domain, the judge's prompts and decisions; the command line and the API call it.
Never reads or writes files; never has verdicts of a sealed session; calls a model only to judge a receipt again.
Owned and closed by nobody: its functions are pure, but for `rejudge`, which uses a judge that the caller opened.
Tests in tests/core/hunting/receipts.
"""
