"""The tool client of OpenEnv with a Ghostexec server. Takes {url} as JSON."""

from checks import main
from openenv import GenericEnvClient
from openenv.core.mcp_client import MCPToolClient

TASK = "phase2_core"
RESERVED = {"reset", "step", "state", "close"}


async def check_tools_are_actions_alone(given):
    async with MCPToolClient(base_url=given["url"]) as env:
        names = {tool.name for tool in await env.list_tools()}
        assert {"reply_email", "archive_email", "do_nothing"} <= names, names
        assert not names & RESERVED, names & RESERVED


async def check_a_call_plays_in_the_episode_of_the_socket(given):
    async with MCPToolClient(base_url=given["url"]) as env:
        await env.reset(task_id=TASK, seed=7, episode_id="tools")
        await env.call_tool("archive_email", email_id="e05")
        state = await env.state()
        assert (state.episode_id, state.step_count) == ("tools", 1), state


async def check_a_result_has_data(given):
    async with MCPToolClient(base_url=given["url"]) as env:
        await env.reset(task_id=TASK, seed=7)
        data = await env.call_tool("do_nothing")
        # The client returns `data` of the result, or the whole result if it has no `data`.
        assert not (isinstance(data, dict) and "content" in data), list(data)


async def check_a_bad_argument_is_no_failure_of_the_session(given):
    async with MCPToolClient(base_url=given["url"]) as env:
        await env.reset(task_id=TASK, seed=7)
        await env.call_tool("archive_email", email_id="no such mail")
        assert (await env.state()).step_count == 1


async def check_an_unknown_tool_raises(given):
    async with MCPToolClient(base_url=given["url"]) as env:
        await env.reset(task_id=TASK, seed=7)
        try:
            await env.call_tool("fly")
        except RuntimeError as error:
            assert "fly" in str(error), error
        else:
            raise AssertionError("expected a refusal")


async def check_sessions_do_not_share_an_episode(given):
    async with MCPToolClient(base_url=given["url"]) as one, MCPToolClient(base_url=given["url"]) as other:
        await one.reset(task_id=TASK, seed=1)
        await other.reset(task_id=TASK, seed=1)
        await one.call_tool("do_nothing")
        assert (await one.state()).step_count == 1
        assert (await other.state()).step_count == 0


async def check_an_unknown_session_is_refused(given):
    env = GenericEnvClient(base_url=given["url"])
    env._ws_url += "?session_id=unknown"
    try:
        await env.connect()
        await env.reset(task_id=TASK)
    except (RuntimeError, ConnectionError) as error:
        assert "SESSION_ERROR" in str(error), error
    else:
        raise AssertionError("expected SESSION_ERROR")
    finally:
        await env.close()


async def check_tools_are_listed_by_a_step(given):
    async with GenericEnvClient(base_url=given["url"]) as env:
        await env.reset(task_id=TASK, seed=7)
        listed = await env.step({"type": "list_tools"})
        names = {tool["name"] for tool in listed.observation["tools"]}
        assert "archive_email" in names and not names & RESERVED, names
        assert (await env.state())["step_count"] == 0


async def check_a_tool_is_called_by_a_step(given):
    async with GenericEnvClient(base_url=given["url"]) as env:
        await env.reset(task_id=TASK, seed=7)
        called = await env.step({"type": "call_tool", "tool_name": "archive_email", "arguments": {"email_id": "e05"}})
        assert called.observation["tool_name"] == "archive_email", called.observation
        assert isinstance(called.reward, float)
        assert (await env.state())["step_count"] == 1


async def check_a_step_before_a_reset_is_refused(given):
    async with GenericEnvClient(base_url=given["url"]) as env:
        try:
            await env.step({"action_type": "do_nothing"})
        except RuntimeError as error:
            assert "reset" in str(error).lower(), error
        else:
            raise AssertionError("expected a refusal that names reset")


async def check_what_is_drawn_for_a_session_is_beside_the_observation(given):
    async def begin():
        async with GenericEnvClient(base_url=given["url"]) as env:
            return await env.reset(split="train", index=0, seed=5)

    one, other = await begin(), await begin()
    assert one.observation == other.observation
    assert one.metadata and one.metadata != other.metadata, one.metadata


if __name__ == "__main__":
    main(globals())
