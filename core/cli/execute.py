"""Runs the parsed command. Imports everything that calls models."""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import replace

from core.cli.check import check
from core.cli.hunt import HuntOptions, hunt
from core.cli.simulate import simulate
from core.cli.token import make_token
from core.distribution import data_path
from core.env_file import load_env_file
from core.errors import BadInput
from core.garbage import collect_rarely
from core.hunting.orders import MAX_MODELS
from core.logs import configure_logs
from core.settings import Settings, read_settings, settings_warnings


def execute(options: argparse.Namespace) -> int:
    """Returns the exit code. Raises HunterError for invalid settings or notebooks."""
    load_env_file()
    settings = read_settings()
    configure_logs(settings if options.verbose else _quiet(settings))
    for warning in settings_warnings(settings):
        print(warning.text, file=sys.stderr)
    collect_rarely()
    return _run(options, settings)


def _run(options: argparse.Namespace, settings: Settings) -> int:
    if options.command == "simulate":
        return simulate(options.host, options.port, options.script)
    if options.command == "token":
        print(make_token(options.name, options.scope, settings.access.tokens))
        return 0
    if options.command == "check":
        how = {"as_json": options.json, "confirm": options.confirm_criteria, "pass_rule": options.pass_rule}
        return asyncio.run(check(settings, options.notebooks, options.judge, **how))
    if options.command == "demo":
        hunt_options = HuntOptions((str(data_path("examples/word-budget.ipynb")),), ("simulated/hasty",), hunts=16)
        return asyncio.run(hunt(settings, hunt_options))
    if len(options.model) > MAX_MODELS:
        raise BadInput(f"{len(options.model)} models exceed the maximum per run ({MAX_MODELS}).")
    hunt_options = HuntOptions(
        tuple(options.notebooks),
        tuple(options.model),
        options.hunts,
        options.judge,
        options.out,
        as_json=options.json,
        confirm=options.confirm_criteria,
        pass_rule=options.pass_rule,
        judge_cut_replies=options.judge_cut_replies,
    )
    return asyncio.run(hunt(settings, hunt_options))


def _quiet(settings: Settings) -> Settings:
    """Commands print their own output, so only warnings are logged without -v."""
    quiet = replace(settings.server, log_level="warning")
    return replace(settings, server=quiet) if settings.server.log_level == "info" else settings
