"""The client of the MCP SDK in Python, version 2, plays one episode of a Ghostexec server. Its variables name the server and its keys."""

import os

import httpx
from checks import main
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPError

URL = os.environ["GHOSTEXEC_URL"]


def bearer(name):
    return {"Authorization": f"Bearer {os.environ[name]}"}


def trainer(method, path, **request):
    answer = httpx.request(method, URL + path, headers=bearer("GHOSTEXEC_TRAINER_KEY"), **request)
    answer.raise_for_status()
    return answer.json()


class agent:
    """A client of the MCP endpoint of one episode. `mode` is how it negotiates: by initialize, or by trying newer versions first."""

    def __init__(self, episode, mode):
        self.url, self.mode = f"{URL}/mcp/episodes/{episode}", mode

    async def __aenter__(self):
        self.http = create_mcp_http_client(headers=bearer("GHOSTEXEC_API_KEY"))
        await self.http.__aenter__()
        self.client = Client(streamable_http_client(self.url, http_client=self.http), mode=self.mode)
        return await self.client.__aenter__()

    async def __aexit__(self, *error):
        await self.client.__aexit__(*error)
        await self.http.__aexit__(*error)


async def check_a_client_plays_to_the_end(given):
    for mode in ("legacy", "auto"):
        episode = trainer("POST", "/reset", json={"task_id": "phase2_core", "seed": 1})["episode_id"]
        async with agent(episode, mode) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            assert {"briefing", "do_nothing"} <= names and "reset" not in names, names
            steps, done = 0, False
            while not done:
                result = await client.call_tool("do_nothing")
                steps, done = steps + 1, result.structured_content["done"]
        state = trainer("GET", "/state", params={"episode_id": episode})
        assert (state["step_count"], state["grade"]) == (steps, 0.01), state


async def check_a_call_is_repeated_by_its_request_id(given):
    episode = trainer("POST", "/reset", json={"task_id": "phase2_core", "seed": 1})["episode_id"]
    async with agent(episode, "auto") as client:
        meta = {"ghostexec/request_id": "only once"}
        first = await client.call_tool("do_nothing", meta=meta)
        assert await client.call_tool("do_nothing", meta=meta) == first
    assert trainer("GET", "/state", params={"episode_id": episode})["step_count"] == 1


async def check_an_unknown_episode_is_an_error_that_says_so(given):
    try:
        async with agent("unknown", "auto") as client:
            await client.list_tools()
    except* MCPError as group:
        assert "there is no episode" in str(group.exceptions), group.exceptions
    else:
        raise AssertionError("expected a refusal")


if __name__ == "__main__":
    main(globals())
