"""Temporal: a workflow of two activities, its worker and its client in this process, the server beside it.

Activities, not local ones: the server commits each result before the workflow goes on, local results come in one batch.
Usage: bench.py <port> <`temporal --version`> <callers,…> <seconds>
"""

import asyncio
import re
import sys
import uuid
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import measure

START_SECONDS_MAX = 90
QUEUE = "flow"
STEP_TIMEOUT = timedelta(seconds=60)


@activity.defn
async def first(number: int) -> int:
    return number + 1


@activity.defn
async def second(number: int) -> int:
    return number + 1


@workflow.defn
class TwoSteps:
    @workflow.run
    async def run(self, number: int) -> int:
        between = await workflow.execute_activity(first, number, start_to_close_timeout=STEP_TIMEOUT)
        return await workflow.execute_activity(second, between, start_to_close_timeout=STEP_TIMEOUT)


async def connect(port):
    """Connect to the server once it is up."""
    for _ in range(START_SECONDS_MAX * 2):
        try:
            return await Client.connect(f"127.0.0.1:{port}")
        except RuntimeError as error:
            refused = error
        await asyncio.sleep(0.5)
    sys.exit(f"temporal: the server did not answer in {START_SECONDS_MAX} s: {refused}")


async def main():
    port, said, callers, seconds = sys.argv[1:]
    counts, seconds = measure.parse_levels(callers, seconds)
    version = re.sub(r"temporal version (\S+) \(Server (\S+),.*", r"\1 (server \2)", said)
    client = await connect(port)

    async def flow(number):
        return await client.execute_workflow(TwoSteps.run, number, id=str(uuid.uuid4()), task_queue=QUEUE)

    # The sandbox re-imports modules for each workflow: its cost is the SDK's, not the engine's.
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue=QUEUE, workflows=[TwoSteps], activities=[first, second], workflow_runner=runner):
        await measure.run("temporal", version, flow, counts, seconds)


asyncio.run(main())
