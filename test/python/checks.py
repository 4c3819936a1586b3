"""Runs the functions of a program whose names begin with check_, and prints a traceback or null for each, as JSON."""

import asyncio
import inspect
import json
import sys
import traceback


def run_checks(functions, given):
    outcomes = {}
    for name, check in functions.items():
        if not name.startswith("check_"):
            continue
        try:
            result = check(given)
            if inspect.isawaitable(result):
                asyncio.run(asyncio.wait_for(result, 60))
            outcomes[name.removeprefix("check_")] = None
        except BaseException:
            outcomes[name.removeprefix("check_")] = traceback.format_exc()
    print(json.dumps(outcomes))


def main(functions):
    run_checks(functions, json.loads(sys.argv[1]))
