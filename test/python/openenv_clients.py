"""The clients of OpenEnv with a Ghostexec server. Takes {url, episode: {reset, actions, rewards, grade}} as JSON."""

from checks import main
from openenv import AutoEnv, GenericEnvClient
from openenv.core.client_types import StepResult
from openenv.core.env_client import EnvClient
from openenv.core.env_server.types import Action, Observation, State
from pydantic import ConfigDict

TASK = "phase2_core"
WAIT = {"action_type": "do_nothing"}
ARCHIVE = {"action_type": "archive_email", "email_id": "e05"}


def common(observation):
    """An observation without the values that differ between sessions."""
    return {key: value for key, value in observation.items() if key != "metadata"}


def check_sync(given):
    with GenericEnvClient(base_url=given["url"]).sync() as env:
        begun = env.reset(task_id=TASK, seed=7, episode_id="mine")
        assert begun.done is False and begun.reward == 0, begun
        assert begun.observation["task_id"] == TASK and begun.observation["seed"] == 7
        assert "INBOX" in begun.observation["briefing"]
        assert env.state()["step_count"] == 0
        played = env.step(ARCHIVE)
        assert played.observation["step_ok"] is True and isinstance(played.reward, float)
        state = env.state()
        assert (state["episode_id"], state["step_count"]) == ("mine", 1), state


async def check_async(given):
    async with GenericEnvClient(base_url=given["url"]) as env:
        begun = await env.reset(task_id=TASK, seed=7)
        assert begun.observation["episode_step"] == 0
        played = await env.step(WAIT)
        assert played.observation["episode_step"] == 1
        assert (await env.state())["step_count"] == 1


async def check_several_episodes_in_one_session(given):
    async with GenericEnvClient(base_url=given["url"]) as env:
        for seed in (1, 2, 3):
            assert (await env.reset(task_id=TASK, seed=seed)).observation["seed"] == seed
            for step in (1, 2):
                assert (await env.step(WAIT)).observation["episode_step"] == step


async def check_sessions_do_not_share_an_episode(given):
    async with GenericEnvClient(base_url=given["url"]) as one, GenericEnvClient(base_url=given["url"]) as other:
        await one.reset(task_id=TASK, seed=1)
        await other.reset(task_id="monday_morning", seed=2)
        await one.step(WAIT)
        assert (await other.state())["step_count"] == 0
        assert (await one.state())["task_id"] == TASK


async def check_seeds_are_honoured(given):
    async def play(seed):
        async with GenericEnvClient(base_url=given["url"]) as env:
            results = [await env.reset(task_id="monday_morning", seed=seed)]
            for action in (ARCHIVE, WAIT):
                results.append(await env.step(action))
            return [(common(one.observation), one.reward, one.done) for one in results]

    assert await play(11) == await play(11)
    assert [one[0]["seed"] for one in await play(12)] == [12, 12, 12]


async def check_a_bad_action_is_refused_and_ends_nothing(given):
    async with GenericEnvClient(base_url=given["url"]) as env:
        await env.reset(task_id=TASK, seed=1)
        try:
            await env.step({"action_type": "fly"})
        except RuntimeError as error:
            assert "VALIDATION_ERROR" in str(error), error
        else:
            raise AssertionError("expected a refusal")
        assert (await env.step(WAIT)).observation["episode_step"] == 1


def check_a_whole_episode_to_its_grade(given):
    episode = given["episode"]
    with GenericEnvClient(base_url=given["url"]).sync() as env:
        result = env.reset(**episode["reset"])
        rewards = []
        for action in episode["actions"]:
            assert not result.done
            result = env.step(action)
            rewards.append(result.reward)
        assert result.done
        assert rewards == episode["rewards"], (rewards, episode["rewards"])
        assert result.observation["grade"]["grade"] == episode["grade"], result.observation["grade"]


def check_auto_env(given):
    env = AutoEnv.from_env("ghostexec", base_url=given["url"], skip_install=True)
    assert isinstance(env, GenericEnvClient)
    with env.sync() as client:
        assert client.reset(task_id=TASK, seed=1).observation["task_id"] == TASK


class GhostexecAction(Action):
    action_type: str = "do_nothing"
    email_id: str | None = None


class GhostexecObservation(Observation):
    model_config = ConfigDict(extra="allow")
    briefing: str
    step_ok: bool
    grade: dict | None = None


class GhostexecEnv(EnvClient[GhostexecAction, GhostexecObservation, State]):
    def _step_payload(self, action):
        return action.model_dump()

    def _parse_result(self, payload):
        fields = {key: value for key, value in payload["observation"].items() if key not in ("done", "reward")}
        observation = GhostexecObservation(**fields, done=payload["done"], reward=payload["reward"])
        return StepResult(observation=observation, reward=payload["reward"], done=payload["done"])

    def _parse_state(self, payload):
        return State(**payload)


async def check_a_typed_client(given):
    async with GhostexecEnv(base_url=given["url"]) as env:
        begun = await env.reset(task_id=TASK, seed=3, episode_id="typed")
        assert begun.observation.briefing and begun.observation.grade is None
        played = await env.step(GhostexecAction(action_type="archive_email", email_id="e05"))
        assert played.observation.step_ok
        state = await env.state()
        assert (state.episode_id, state.step_count) == ("typed", 1)


if __name__ == "__main__":
    main(globals())
