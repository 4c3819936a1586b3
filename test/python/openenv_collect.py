"""
CollectRunner of OpenEnv with a Ghostexec server: the code of docs/training/openenv-collect.md.

The model is scripted: an endpoint in this program that answers chat completions. Each episode of the dataset has its own plan.
"""

import functools
import json
import math
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from checks import main
from openenv import GenericEnvClient

GIVEN = json.loads(sys.argv[1])
PLANS = ["work", "idle", "clumsy", "leave", "lost", "silent"]
"""Plays the best plan, does nothing, uses wrong values, stops after two turns, calls an unknown tool, calls nothing."""
IDLE = {"action_type": "do_nothing"}
TURNS = {
    "clumsy": [{"action_type": "archive_email", "email_id": 7}, {"action_type": "reply_email"}],
    "lost": [{"action_type": "fly"}],
}


def turn_of(plan, turn, best):
    """The action of a turn, or None if the model stops."""
    if plan == "silent" or (plan == "leave" and turn == 2):
        return None
    actions = best if plan in ("work", "leave") else TURNS.get(plan, [])
    return actions[turn] if turn < len(actions) else IDLE


class Model:
    """An endpoint of chat completions. Its episodes take the plans in turn."""

    def __init__(self, given):
        self.given = given
        self.requests = []
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                answer = json.dumps(model.answer(body)).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, body):
        self.requests.append(body)
        said = [message for message in body["messages"] if message["role"] == "assistant"]
        begun = sum(1 for request in self.requests if not any(one["role"] == "assistant" for one in request["messages"]))
        plan = said[0]["content"] if said else PLANS[(begun - 1) % len(PLANS)]
        task = next(row["task_id"] for row in rows(self.given) if row["prompt"][1] in body["messages"])
        action = turn_of(plan, len(said), self.given["plans"][task])
        message = {"role": "assistant", "content": plan}
        if action is not None:
            arguments = json.dumps({key: value for key, value in action.items() if key != "action_type"})
            function = {"name": action["action_type"], "arguments": arguments}
            message["tool_calls"] = [{"id": f"call-{len(said)}", "type": "function", "function": function}]
        choice = {"index": 0, "message": message, "finish_reason": "stop" if action is None else "tool_calls"}
        return {"id": "1", "object": "chat.completion", "created": 0, "model": body["model"], "choices": [choice]}


class Collected(NamedTuple):
    result: object
    records: dict
    """By plan: the record of its episode."""
    names: dict
    """What the code of the page has defined."""
    requests: list


def rows(given):
    return [json.loads(line) for line in Path(given["rows"]).read_text().splitlines()]


def collect(given, profile="success", folder="collected"):
    """Runs the code of the page."""
    model = Model(given)
    code = given["page"][0].replace("http://127.0.0.1:8000", given["url"]).replace("http://127.0.0.1:8001", model.url)
    code = code.replace("train.jsonl", given["rows"]).replace('"collected"', repr(f"{given['folder']}/{folder}"))
    code = code.replace('"reward_profile": "success"', f'"reward_profile": "{profile}"').replace("print(", "(")
    names = {}
    exec(code, names)
    model.server.shutdown()
    lines = Path(given["folder"], folder, "results.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    plans = {record["messages"][2]["content"]: record for record in records}
    return Collected(names["result"], plans, names, model.requests)


@functools.cache
def collected():
    return collect(GIVEN)


def check_whole_days_are_collected(given):
    result, records, *_ = collected()
    assert (result.num_collected, result.num_failed) == (4, 2), result
    for plan in ("work", "idle", "clumsy"):
        assert records[plan]["done"] and records[plan]["verify_metrics"]["grade"] is not None, plan
        assert records[plan]["verify_metrics"]["steps"] == len(records[plan]["tool_trace"]), plan


def check_the_reward_is_success(given):
    result, records, *_ = collected()
    assert {plan: record["reward"] for plan, record in records.items()} == {"work": 1, "idle": 0, "clumsy": 0, "leave": 0}
    assert result.success_rate == 0.25, result
    for record in records.values():
        assert record["tool_trace"][-1]["result"]["metadata"]["reward"] == record["reward"]
    grades = {plan: record["verify_metrics"]["grade"] for plan, record in records.items()}
    assert grades == {"work": 0.99, "idle": 0.01, "clumsy": 0.01, "leave": None}, grades


def check_the_reward_may_be_the_grade(given):
    records = collect(given, "running", "running").records
    assert math.isclose(records["work"]["reward"], 0.99) and math.isclose(records["idle"]["reward"], 0.01)
    assert 0.01 < records["leave"]["reward"] < 0.99, records["leave"]["reward"]
    records = collect(given, "terminal", "terminal").records
    assert math.isclose(records["work"]["reward"], 0.99) and records["leave"]["reward"] == 0


def check_bad_arguments_are_invalid_steps(given):
    trace = collected().records["clumsy"]["tool_trace"]
    assert [entry["result"]["metadata"]["step_ok"] for entry in trace[:3]] == [False, False, True], trace[:3]
    assert "email_id" in trace[0]["result"]["error"], trace[0]


def check_the_messages_are_a_conversation(given):
    for record in collected().records.values():
        messages = record["messages"]
        assert [message["role"] for message in messages[:3]] == ["system", "user", "assistant"]
        assert "INBOX" in messages[1]["content"]
        calls = [call["function"]["arguments"] for message in messages for call in message.get("tool_calls") or []]
        answers = [message["content"] for message in messages if message["role"] == "tool"]
        assert len(calls) == len(answers) == len(record["tool_trace"])
        assert all(isinstance(json.loads(call), dict) for call in calls)
        assert all("Last action" in answer for answer in answers)
    assert {tool["function"]["name"] for tool in collected().requests[0]["tools"]} >= {"reply_email", "do_nothing"}


def check_a_run_is_resumed(given):
    first = collected()
    names = first.names
    model = Model(given)
    client = names["OpenAIClient"](model.url, None, model="again")
    runner = names["CollectRunner"](
        session_factory=names["Days"](given["url"]),
        harness_adapter=names["MCPHarnessAdapter"](),
        serializer=names["RolloutSerializer"](f"{given['folder']}/collected"),
        tasks=names["tasks"],
    )
    again = runner.run(model_step=names["build_model_step"](client), num_episodes=len(names["tasks"]))
    # The episodes that failed are played again; the first two plans suit them.
    assert (again.num_skipped, again.num_collected, again.num_failed) == (4, 2, 0), again


def check_equal_sessions_begin_alike(given):
    def first(**options):
        with GenericEnvClient(base_url=given["url"]).sync() as env:
            begun = env.reset(split="train", index=1, seed=5, **options)
            return json.dumps([begun.observation, begun.reward, begun.done])

    for profile in ("full", "briefing", "delta"):
        assert first(observation_profile=profile) == first(observation_profile=profile), profile


if __name__ == "__main__":
    main(globals())
