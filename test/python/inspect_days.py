"""The task of docs/training/inspect.md with scripted models. Takes the paths of its program and datasets, and the best plans, as JSON."""

import importlib.util
import json
import os
import re

import httpx
from checks import main
from inspect_ai import eval as evaluate
from inspect_ai.model import ChatMessageTool, ModelOutput, ModelUsage, get_model
from inspect_ai.tool import ToolCall

OVER = "The episode is over."
SECRETS = re.compile(r"reward\b|\bgrade:|\bscore:|\bseed\b", re.IGNORECASE)


def load(path):
    """The module in a file."""
    spec = importlib.util.spec_from_file_location("program", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def play(given, turn, task=None, **options):
    """Evaluates a model that answers with turn(messages, tools): a list of calls (name, arguments), or a text. Returns the samples."""

    def answer(messages, tools, _choice, _config):
        said = turn(messages, tools)
        text, calls = (said, None) if isinstance(said, str) else ("", said)
        output = ModelOutput.from_content("mockllm", text)
        # Otherwise Inspect counts the tokens itself, for which it downloads a tokenizer.
        output.usage = ModelUsage()
        if calls is not None:
            ids = [f"{len(messages)}-{place}" for place in range(len(calls))]
            output.message.tool_calls = [
                ToolCall(id=id, function=name, arguments=arguments) for id, (name, arguments) in zip(ids, calls)
            ]
        return output

    task = task or load(given["program"]).ghostexec_days(given["dataset"])
    model = get_model("mockllm/model", custom_outputs=answer, memoize=False)
    settings = {"log_dir": given["log_dir"], "display": "none"}
    [log] = evaluate(task, model=model, **settings, **options)
    assert log.status == "success", log.error
    return log.samples


def results(messages):
    return [message for message in messages if isinstance(message, ChatMessageTool)]


def is_over(messages):
    return any(OVER in message.text for message in results(messages))


def planned(given):
    """The turns of a model that follows the best plan of each day. It knows a day by its first briefing."""
    with open(given["dataset"]) as lines:
        rows = [json.loads(line) for line in lines]
    plans = {row["input"][1]["content"]: given["plans"][row["metadata"]["task_id"]] for row in rows}

    def turn(messages, _tools):
        if is_over(messages):
            return "Done."
        [prompt] = [message.text for message in messages if message.role == "user"]
        [plan] = [plan for briefing, plan in plans.items() if briefing in prompt]
        action = plan[len(results(messages))]
        return [(action["action_type"], {key: value for key, value in action.items() if key != "action_type"})]

    return turn


def idle(messages, _tools):
    return "Done." if is_over(messages) else [("do_nothing", {})]


def grades(samples):
    return [score.value for sample in samples for score in sample.scores.values()]


def check_the_best_plans_reach_the_greatest_grade(given):
    samples = play(given, planned(given))
    assert len(samples) == len(given["plans"])
    assert grades(samples) == [0.99] * len(samples), grades(samples)
    for sample in samples:
        metadata = sample.scores["grade"].metadata
        assert (metadata["done"], metadata["success"]) == (True, True), metadata
        assert metadata["step_count"] == len(results(sample.messages))


def check_a_model_sees_what_has_changed_and_neither_rewards_nor_grades(given):
    samples = play(given, idle)
    assert grades(samples) == [0.01] * len(samples), grades(samples)
    for sample in samples:
        told = [message.text for message in results(sample.messages)]
        assert OVER in told[-1] and not [text for text in told if SECRETS.search(text)], told
        assert sum(map(len, told)) / len(told) < 1000, told


def check_a_model_may_stop_before_the_end(given):
    plan = planned(given)

    def turn(messages, tools):
        return "Enough." if len(results(messages)) == 4 else plan(messages, tools)

    for sample in play(given, turn):
        metadata = sample.scores["grade"].metadata
        assert (metadata["done"], metadata["success"], metadata["step_count"]) == (False, None, 4), metadata
        assert 0.01 < sample.scores["grade"].value < 0.99, sample.scores
    assert set(grades(play(given, lambda *_: "I would rather not."))) == {0}


def check_the_tools_are_the_actions_and_the_briefing(given):
    seen = []

    def turn(_messages, tools):
        seen.append({tool.name for tool in tools})
        return "Done."

    play(given, turn, limit=1)
    assert {"briefing", "do_nothing", "reply_email"} <= seen[0] and not seen[0] & {"reset", "step", "state"}, seen


def check_calls_of_one_turn_are_played_in_order(given):
    def turn(messages, _tools):
        return "Done." if is_over(messages) else [("do_nothing", {}), ("archive_email", {"email_id": "nope"})]

    [sample] = play(given, turn, limit=1)
    failed = ["FAILED" in message.text for message in results(sample.messages)]
    assert failed[:4] == [False, True, False, True], failed


def check_a_call_that_is_not_valid_plays_nothing_and_says_why(given):
    def turn(messages, _tools):
        turns = [[("archive_email", {"email": "e05"})], [("fly", {})], [("briefing", {})]]
        return turns[len(results(messages))] if len(results(messages)) < 3 else "Done."

    [sample] = play(given, turn, limit=1)
    invalid, unknown, briefing = results(sample.messages)
    assert "email_id" in invalid.error.message and unknown.error is not None, (invalid, unknown)
    assert "step 0 of" in briefing.text, briefing.text


def check_every_epoch_plays_an_episode_of_its_own(given):
    samples = play(given, planned(given), epochs=2)
    ids = {sample.store["episode_id"] for sample in samples}
    assert len(ids) == len(samples) == 2 * len(given["plans"])
    assert grades(samples) == [0.99] * len(samples)


def check_a_scenario_of_ones_own_is_played(given):
    [sample] = play(given, idle, load(given["program"]).ghostexec_days(given["own_dataset"]))
    assert sample.scores["grade"].metadata["done"], sample.scores


def check_the_agent_cannot_begin_or_read_an_episode(given):
    key = {"Authorization": f"Bearer {os.environ['GHOSTEXEC_API_KEY']}"}
    with httpx.Client(base_url=os.environ["GHOSTEXEC_URL"], headers=key) as agent:
        assert agent.get("/metadata").json()["mode"] == "production"
        refused = [agent.post("/reset"), agent.post("/mcp", json={}), agent.get("/state"), agent.get("/web/")]
        assert [answer.status_code for answer in refused] == [403] * len(refused), refused


if __name__ == "__main__":
    main(globals())
