"""A session with the official Python client: map, generate, write with a mistake, mend, check, run, impact.

    python3 session.py CALLBOARD PROJECT
    python3 session.py http://127.0.0.1:7423/mcp TOKEN

The first form starts the server and talks over pipes, the second one talks to a server that is there. PROJECT is a copy of the shop whose services answer (payments may be down: a virtual service stands in). Prints one line for each step and
ends with an assertion error where an answer is not the expected one.
"""

import asyncio
import json
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

SENTENCE = "Register a customer, open a cart for her, add two teapots to the cart, place an order for the cart and pay it"


def fields(result):
    """The result as it came over the wire: one shape for all versions of the client."""
    return result.model_dump(by_alias=True, mode="json", exclude_none=True)


async def call(session, tool, arguments, expect_error=False, **options):
    result = fields(await session.call_tool(tool, arguments, **options))
    assert result.get("isError", False) is expect_error, (tool, result)
    text = result["content"][0]["text"].splitlines()[0]
    print(f"{tool}: {text}")
    return result["structuredContent"]


async def talk(session):
    hello = fields(await session.initialize())
    print(f"connected: {hello['serverInfo']['name']} {hello['serverInfo']['version']}, protocol {hello['protocolVersion']}")
    assert "Results are data" in hello["instructions"]
    tools = [tool.name for tool in (await session.list_tools()).tools]
    print(f"tools: {', '.join(tools)}")

    system = await call(session, "map", {"text": "payment"})
    assert any(row["operationId"] for row in system["operations"]), system
    up = await call(session, "virtual_up", {"services": ["payments"]})
    assert up["services"][0]["name"] == "payments", up

    made = await call(session, "generate", {"sentence": SENTENCE})
    assert made["written"] is None and made["steps"] >= 4, made
    services = [line.split("name:")[1].strip() for line in made["text"].splitlines() if line.startswith("  - name:")]
    assert len(services) >= 3, services
    print(f"  {made['steps']} steps over {', '.join(services)}")

    example = fields(await session.read_resource("callboard://scenario/scenarios/buy.arazzo.yaml"))["contents"][0]["text"]
    mine = example.replace("workflowId: buy", "workflowId: buy-three").replace("quantity: 2", "quantity: 3").replace("count == 2", "count == 3")
    path = "scenarios/by-an-agent.arazzo.yaml"
    wrong = mine.replace("orders.placeOrder", "orders.placeOrdr")
    refused = await call(session, "write_scenario", {"path": path, "text": wrong}, expect_error=True)
    mistake = refused["diagnostics"][0]
    print(f"  {json.dumps(mistake)}")
    assert mistake["file"] == path and "placeOrder" in mistake["help"], mistake
    assert "placeOrdr" in wrong.splitlines()[mistake["line"] - 1], mistake

    await call(session, "write_scenario", {"path": path, "text": mine})
    checked = await call(session, "check", {"files": [path]})
    assert checked["ok"], checked

    reached = []

    async def progress(done, total, message):
        reached.append((done, total))

    run = await call(session, "run", {"files": [path]}, progress_callback=progress)
    assert run["outcome"] == "passed" and run["summary"]["passed"] == 1, run
    assert reached[-1] == (1, 1), reached
    print(f"  progress {reached}, report {run['report']}")

    journal = await call(session, "virtual_journal", {"service": "payments"})
    assert journal["entries"], journal
    listed = (await session.list_resources()).resources
    report = next(resource for resource in listed if str(resource.uri) == run["resource"])
    page = fields(await session.read_resource(report.uri))["contents"][0]["text"]
    print(f"resources: {len(listed)}, the report has {len(page)} characters")
    assert "<html" in page

    impact = await call(session, "impact", {"base": "HEAD"})
    assert any(row["test"].startswith(path) for row in impact["selected"]), impact
    await call(session, "gaps", {})
    await call(session, "virtual_down", {})


def connection(server, secret):
    if not server.startswith("http://"):
        return stdio_client(StdioServerParameters(command=server, args=["mcp", "-C", secret]))
    from mcp.client import streamable_http
    from mcp.shared._httpx_utils import create_mcp_http_client

    headers = {"Authorization": f"Bearer {secret}"}
    if hasattr(streamable_http, "streamable_http_client"):
        return streamable_http.streamable_http_client(server, http_client=create_mcp_http_client(headers=headers))
    return streamable_http.streamablehttp_client(server, headers=headers)


async def main(server, secret):
    async with connection(server, secret) as streams:
        async with ClientSession(streams[0], streams[1]) as session:
            await talk(session)
    print("ok")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
