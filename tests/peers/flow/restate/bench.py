"""Restate: registers the service, then calls the workflow through the server's ingress, one kept connection per caller.

Usage: bench.py <ingress-port> <admin-port> <service-port> <server's --version> <callers,…> <seconds>
"""

import asyncio
import json
import sys

import measure

START_SECONDS_MAX = 90


class Ingress:
    """HTTP/1.1 connections to one port of this machine, each used by one call at a time and kept for the next."""

    def __init__(self, port):
        self.port = port
        self.idle = []

    async def post(self, path, value):
        """Send a value as JSON: the status and the answer's value."""
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
        try:
            body = json.dumps(value).encode()
            head = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json"]
            head.append(f"content-length: {len(body)}")
            writer.write("\r\n".join([*head, "", ""]).encode() + body)
            status, length = await self.read_head(reader)
            answer = await reader.readexactly(length)
        except BaseException:
            writer.close()
            raise
        self.idle.append((reader, writer))
        return status, json.loads(answer) if answer else None

    @staticmethod
    async def read_head(reader):
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        # The server says a length with every answer here; without one this fails, and the call counts as an error.
        return int(lines[0].split(" ")[1]), int(headers["content-length"])


async def register(admin_port, service_port):
    """Tell the server where the service is, once both are up."""
    admin = Ingress(admin_port)
    for _ in range(START_SECONDS_MAX * 2):
        try:
            status, answer = await admin.post("/deployments", {"uri": f"http://127.0.0.1:{service_port}"})
            if status in (200, 201):
                return
        except (OSError, asyncio.IncompleteReadError) as error:
            answer = error
        await asyncio.sleep(0.5)
    sys.exit(f"restate: the service could not be registered in {START_SECONDS_MAX} s: {answer}")


async def main():
    ingress_port, admin_port, service_port, version, callers, seconds = sys.argv[1:]
    counts, seconds = measure.parse_levels(callers, seconds)
    await register(int(admin_port), int(service_port))
    ingress = Ingress(int(ingress_port))

    async def flow(number):
        status, answer = await ingress.post("/flow/twoSteps", number)
        if status != 200:
            raise RuntimeError(f"status {status}: {answer}")
        return answer

    await measure.run("restate", version.split()[-1], flow, counts, seconds)


asyncio.run(main())
