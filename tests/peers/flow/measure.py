"""Calls one flow from many callers at once and says how that went. Knows no engine: it is handed a function.

A flow is an async function that starts the two-step workflow with a number and returns its answer. Each step adds one,
so the answer proves that both steps ran. A wrong answer is an error like any other.
"""

import asyncio
import json
import math
import sys
import time

# How long the callers that still wait when a level's time is up may go on waiting.
DRAIN_SECONDS_MAX = 120.0
# A caller whose flow failed rests this long, or a server that is gone would be counted a million times.
ERROR_PAUSE_SECONDS = 0.05
WARM_UP_SECONDS = 2.0
WARM_UP_CALLERS = 16


async def run(peer, version, flow, callers, seconds):
    """Warm up, then measure each number of callers in turn and print one line of JSON for each."""
    warm, first_error = await level(flow, WARM_UP_CALLERS, WARM_UP_SECONDS)
    if not warm["completed"]:
        sys.exit(f"{peer}: no flow completed while warming up: {first_error}")
    for count in callers:
        result, first_error = await level(flow, count, seconds)
        print(json.dumps({"peer": peer, "version": version, "callers": count, **result}), flush=True)
        if first_error:
            print(f"{peer}: first error with {count} callers: {first_error}", file=sys.stderr)


async def level(flow, callers, seconds):
    """Keep `callers` flows going for `seconds`, wait for the last answers: the figures and the first error.

    The clock stops with the last answer, not at the deadline: a flow begun is a flow counted.
    """
    latencies, errors = [], []
    started = time.perf_counter()

    async def call(caller):
        turn = 0
        while time.perf_counter() - started < seconds:
            number = caller * 1_000_000 + turn
            turn += 1
            begun = time.perf_counter()
            try:
                answer = await flow(number)
                if answer != number + 2:
                    raise ValueError(f"the flow of {number} answered {answer!r}, not {number + 2}")
                latencies.append((time.perf_counter() - begun) * 1000)
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}")
                await asyncio.sleep(ERROR_PAUSE_SECONDS)

    tasks = [asyncio.create_task(call(caller)) for caller in range(callers)]
    _, late = await asyncio.wait(tasks, timeout=seconds + DRAIN_SECONDS_MAX)
    elapsed = time.perf_counter() - started
    for task in late:
        task.cancel()
        errors.append(f"no answer {DRAIN_SECONDS_MAX:.0f} s after the level's end")
    latencies.sort()
    result = {
        "seconds": round(elapsed, 3),
        "completed": len(latencies),
        "per_second": round(len(latencies) / elapsed, 1),
        "p50_ms": percentile(latencies, 0.50),
        "p99_ms": percentile(latencies, 0.99),
        "errors": len(errors),
    }
    return result, errors[0] if errors else None


def percentile(ordered, share):
    """The nearest-rank percentile of what is already in order, or nothing where nothing completed."""
    if not ordered:
        return None
    return round(ordered[math.ceil(share * len(ordered)) - 1], 2)


def parse_levels(callers, seconds):
    """Read `1,16,64` and `5` from the command line, which run.sh has checked."""
    return [int(part) for part in callers.split(",")], float(seconds)
