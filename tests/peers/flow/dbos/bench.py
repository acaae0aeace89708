"""DBOS: the two-step workflow as a library call. Every step's result is a committed row before the next step begins.

The engine is this process and the database: the caller calls the workflow, which is how DBOS is meant to be used.
Usage: bench.py <peer> <callers,…> <seconds>; the database's address is in PEER_DATABASE_URL.
"""

import asyncio
import os
import sys
from importlib.metadata import version

from dbos import DBOS

import measure


@DBOS.step()
async def first(number):
    return number + 1


@DBOS.step()
async def second(number):
    return number + 1


@DBOS.workflow()
async def two_steps(number):
    return await second(await first(number))


async def main():
    peer, callers, seconds = sys.argv[1:]
    counts, seconds = measure.parse_levels(callers, seconds)
    DBOS(config={"name": "weft-peer", "system_database_url": os.environ["PEER_DATABASE_URL"], "log_level": "ERROR"})
    DBOS.launch()
    await measure.run(peer, version("dbos"), two_steps, counts, seconds)
    DBOS.destroy()


asyncio.run(main())
