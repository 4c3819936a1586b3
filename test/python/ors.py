"""The client of ORS with a Ghostexec server. The variables OPENREWARD_* of the environment name the server and its key."""

import asyncio
import os

import aiohttp
from checks import main
from openreward import AsyncOpenReward
from openreward.api._session.http import resumable_sse
from openreward.api.environments.types import Task
from openreward.api.errors import SessionTerminatedError, ToolCallError

ROW = {"split": "train", "index": 0}


class connected:
    """The environment, through a client that is closed at the end."""

    def __init__(self, variant=None):
        self.variant = variant

    async def __aenter__(self):
        self.api = AsyncOpenReward().environments
        return self.api.get("ghostexec", variant=self.variant)

    async def __aexit__(self, *_):
        await self.api.aclose()


async def play(session):
    """Lets the day pass. Returns the outputs."""
    outputs = [await session.call_tool("do_nothing")]
    while not outputs[-1].finished:
        outputs.append(await session.call_tool("do_nothing", {}))
    return outputs


def custom(**spec):
    return Task(server_name="ghostexec", environment_name="ghostexec", task_spec=spec, namespace=None)


async def check_tasks_are_listed(given):
    async with connected() as env:
        assert await env.list_splits() == ["train", "validation", "test"]
        tasks = await env.list_tasks("train")
        count = await env.num_tasks("train")
        assert len(tasks) == count > 1
        assert await env.get_task("train", 1) == tasks[1]
        assert await env.get_task_range("train", -2) == tasks[-2:]


async def check_tools_can_be_converted_for_every_provider(given):
    async with connected() as env:
        assert "archive_email" in {tool.name for tool in await env.list_tools()}
        for provider in ("openai", "anthropic", "google", "openrouter"):
            assert len(await env.list_tools(format=provider)) == len(await env.list_tools())
        async with env.session(**ROW) as session:
            assert await session.list_tools() == await env.list_tools()
            assert not await session.is_assistant_message_final()


async def check_an_episode_is_played_to_its_end(given):
    async with connected() as env:
        async with env.session(**ROW) as session:
            [prompt] = await session.get_prompt()
            assert "INBOX" in prompt.text, prompt.text
            messages = await session.get_messages("openai")
            assert [message["role"] for message in messages] == ["system", "user"], messages
            outputs = await play(session)
            assert all("INBOX" in output.blocks[0].text for output in outputs)
            after = await session.call_tool("do_nothing")
            assert (after.reward, after.finished, after.blocks[0].text) == (None, True, "The day is over.")


async def check_a_variant_is_the_name_of_the_environment(given):
    async with connected("ghostexec") as env:
        assert await env.num_tasks("test") > 1
        async with env.session(**ROW) as session:
            assert (await play(session))[-1].reward == 0.01


async def check_the_last_reward_is_the_grade(given):
    async with connected() as env:
        async with env.session(**ROW) as session:
            rewards, metadata = zip(*((output.reward, output.metadata) for output in await play(session)))
            assert [reward for reward in rewards if reward is not None][-1] == metadata[-1]["grade"]["grade"]


async def check_the_sum_of_the_rewards_is_the_grade(given):
    async with connected() as env:
        async with env.session(**ROW) as session:
            outputs = await play(session)
            assert sum(output.reward or 0 for output in outputs) == outputs[-1].metadata["grade"]["grade"]


async def check_a_task_is_played(given):
    async with connected() as env:
        task = await env.get_task("train", 1)
        async with env.session(task) as session:
            output = await session.call_tool("do_nothing")
            assert output.metadata["task_id"] == task.task_spec["id"]


async def check_the_reward_of_every_step_is_an_option(given):
    async with connected() as env:
        async with env.session(custom(task_id="phase2_core", seed=7, reward_profile="step")) as session:
            outputs = await play(session)
            assert all(output.reward == output.metadata["step_reward"] for output in outputs)


async def check_an_invalid_action_is_a_step(given):
    async with connected() as env:
        async with env.session(**ROW) as session:
            output = await session.call_tool("archive_email", {"email_id": "nope"})
            assert "FAILED" in output.blocks[0].text, output
            output = await session.call_tool("reply_email", {"email_id": "e01", "message_body": 7, "channel": None})
            assert "FAILED" in output.blocks[0].text, output
            assert output.metadata["episode_step"] == 2


async def check_an_unknown_tool_raises(given):
    async with connected() as env:
        async with env.session(**ROW) as session:
            try:
                await session.call_tool("fly")
            except ToolCallError as error:
                assert error.reason == "not_found" and "fly" in str(error), error
            else:
                raise AssertionError("expected a refusal")
            # The session goes on.
            assert (await session.call_tool("do_nothing")).metadata["episode_step"] == 1


async def check_a_long_answer_comes_in_chunks(given):
    # The client refuses a line of 128 KiB. A character of these subjects takes 4 bytes, and rules v1 do not limit the texts of a day.
    mail = {"sender": "Ada", "subject": "\U0001f642" * 90, "body": "", "priority": "normal", "sender_relationship": "personal"}
    scenario = {"simulation_time": "2026-09-15T09:00", "emails": [{**mail, "id": f"e{i}"} for i in range(1000)]}
    async with connected() as env:
        async with env.session(custom(scenario=scenario, rules="v1", reward_profile="step")) as session:
            output = await session.call_tool("do_nothing")
            assert len(output.blocks[0].text.encode()) > 131_072, len(output.blocks[0].text.encode())
            assert mail["subject"] in output.blocks[0].text and output.metadata["step_ok"]


async def check_a_lost_answer_is_sent_again(given):
    async with connected() as env:
        async with env.session(**ROW) as session:
            ids = []

            async def call(task_id=None):
                return await resumable_sse(
                    session.client,
                    "/call",
                    token=session.api_key,
                    sid=session.sid,
                    json={"name": "do_nothing", "input": {}},
                    task_id=task_id,
                    on_event=lambda event, data: ids.append(data) if event == "task_id" else None,
                )

            first = await call()
            assert await call(ids[0]) == first
            assert (await session.call_tool("do_nothing")).metadata["episode_step"] == 2


async def check_a_deleted_session_is_gone(given):
    async with connected() as env:
        async with env.session(**ROW) as session:
            await session._pre_delete()
            try:
                await session.call_tool("do_nothing")
            except SessionTerminatedError as error:
                assert "deleted" in str(error), error
            else:
                raise AssertionError("expected a refusal")


async def check_sessions_play_side_by_side(given):
    async with connected() as env:

        async def episode(index):
            async with env.session(split="train", index=index) as session:
                return [output.reward for output in await play(session)]

        together = await asyncio.gather(*(episode(index % 2) for index in range(8)))
        assert together == [await episode(index % 2) for index in range(8)]


async def check_a_key_is_required(given):
    async with aiohttp.ClientSession() as client:
        async with client.get(os.environ["OPENREWARD_SESSION_URL"] + "/tools") as response:
            assert response.status == 401


if __name__ == "__main__":
    main(globals())
