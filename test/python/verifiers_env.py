"""The environment of verifiers for OpenEnv plays on the text form of a Ghostexec server, with the command and the configuration of
docs/training/verifiers.md and a scripted model."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from checks import run_checks
from openenv import GenericEnvClient

PAGE = Path(__file__).parent.parent.parent / "docs/training/verifiers.md"

WAIT = {"action_type": "do_nothing"}
ARCHIVE = {"action_type": "archive_email", "email_id": "e01"}
# What a model replies, and the action in it; None if there is none.
MIXED = [
    (json.dumps(WAIT), WAIT),
    (f"This one can go.\n<action>{json.dumps(ARCHIVE)}</action>", ARCHIVE),
    ("I cannot decide.", None),
    (f"```json\n{json.dumps(WAIT)}\n```", WAIT),
    (json.dumps({"text": json.dumps(WAIT)}), WAIT),
    ("[1, 2]", None),
    ("NaN", None),
    ('{"action_type": "archive_email", "email_id": Infinity}', None),
    ("7", None),
    ("{}", None),
    ("null", None),
    ('{"type": "list_tools"}', None),
    ("", None),
]
# A model that says nothing after three steps. Its day is not over then.
QUIET = MIXED[:3]


class Model(ThreadingHTTPServer):
    """An endpoint like that of OpenAI. The first message says which day is played, and so which replies are due."""

    def __init__(self, replies):
        super().__init__(("127.0.0.1", 0), Answer)
        self.replies = replies
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        first, turn = body["messages"][0]["content"], len(body["messages"]) // 2
        [replies] = [replies for day, replies in self.server.replies.items() if day in first]
        delta = {"role": "assistant", "content": replies[turn] if turn < len(replies) else ""}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choices = [[{"index": 0, "delta": delta, "finish_reason": None}], [{"index": 0, "delta": {}, "finish_reason": "stop"}]]
        about = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": body["model"], "usage": usage}
        events = [f"data: {json.dumps({**about, 'choices': one})}\n\n" for one in choices]
        content = "".join([*events, "data: [DONE]\n\n"]).encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def evaluate(url, resets, replies, folder):
    """Runs vf-eval. Returns its episodes, in the order of `resets`."""
    model = Model(replies)
    [example] = re.findall("```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    config = tomllib.loads(example)
    config["env"]["taskset"] |= {"base_url": f"{url}/text", "resets": resets}
    config["client"]["base_url"] = f"http://127.0.0.1:{model.server_port}/v1"
    config |= {"num_rollouts": 1, "max_concurrent": 2, "output_dir": str(folder), "run": {"name": "run"}, "rich": None}
    path = folder / "eval.json"
    path.write_text(json.dumps(config))
    bin = Path(sys.executable).parent
    # The program of the harness is a script whose packages uv installs. The date fixes their versions.
    variables = {
        "PATH": f"{bin}:{os.environ['PATH']}",
        "HOME": str(bin.parent / "home"),
        "UV_EXCLUDE_NEWER": "2026-11-29T00:00:00Z",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    ran = subprocess.run([bin / "vf-eval", "@", path], env=os.environ | variables, capture_output=True, text=True)
    model.shutdown()
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-4000:]
    lines = (folder / "run" / "traces.jsonl").read_text().splitlines()
    episodes = sorted(map(json.loads, lines), key=lambda episode: resets.index(episode["task"]["data"]["reset"]))
    assert len(episodes) == len(resets)
    return episodes


def play(url, reset, actions):
    """Plays actions by OpenEnv's client. Returns the sum of the rewards, the last answer and the state."""
    with GenericEnvClient(base_url=url).sync() as env:
        env.reset(**reset)
        total = 0
        for action in actions:
            result = env.step(action or {"completion": "no action"})
            total += result.reward
        return total, result, env.state()


def trace_of(episode):
    [trace] = episode["traces"]
    return trace


def reward_of(episode):
    return trace_of(episode)["rewards"]["openenv_reward"]["score"]


def messages_of(episode, role):
    messages = [node["message"] for node in trace_of(episode)["nodes"]]
    return [message["content"] for message in messages if message["role"] == role]


def seen(episode):
    return [json.loads(content) for content in messages_of(episode, "user")]


def texts_of(episode):
    return [one["observation"]["text"] for one in seen(episode)]


def close(a, b):
    return abs(a - b) < 1e-9


def check_no_episode_has_an_error(given):
    for episode in given["episodes"]:
        assert episode["ok"] and not episode["errors"] and not trace_of(episode)["errors"], episode
        assert trace_of(episode)["is_completed"]


def check_the_model_sees_texts_alone(given):
    for episode in given["episodes"]:
        for one in seen(episode):
            assert one.keys() == {"observation", "action_schema"}, one
            assert one["observation"].keys() == {"text"}, one
            assert one["action_schema"]["required"] == ["text"], one
        first, *later = texts_of(episode)
        assert first.startswith("You run a busy executive's day") and "INBOX" in first
        assert not any("You run a busy executive's day" in text for text in later)


def check_the_rewards_of_a_day_add_up_to_its_grade(given):
    plan, *_ = given["episodes"]
    assert close(reward_of(plan), given["greedy"]["grade"]), reward_of(plan)
    assert trace_of(plan)["stop_condition"] == "user_closed"
    assert len(messages_of(plan, "assistant")) == len(given["greedy"]["actions"])


def check_the_reward_of_each_step_is_an_option(given):
    _, step, *_ = given["episodes"]
    assert close(reward_of(step), sum(given["greedy"]["rewards"])), reward_of(step)


def check_deltas_are_short(given):
    plan, delta, *_ = given["episodes"]
    lengths = [[len(text) for text in texts_of(episode)[1:]] for episode in (plan, delta)]
    assert sum(lengths[1]) < sum(lengths[0]) / 3, lengths


def check_every_reply_is_a_step(given):
    mixed = given["episodes"][2]
    replies, actions = zip(*MIXED)
    count = len(messages_of(mixed, "assistant"))
    assert messages_of(mixed, "assistant") == list(replies[:count])
    failed = ["Last action FAILED" in text for text in texts_of(mixed)[1:]]
    assert failed == [action is None for action in actions[: count - 1]], failed
    total, last, state = play(given["url"], given["resets"][2] | {"reward_profile": "gain"}, actions[:count])
    assert last.done and close(reward_of(mixed), total) and close(total, state["grade"]), (reward_of(mixed), total)


def check_a_model_that_says_nothing_keeps_the_grade_so_far(given):
    quiet = given["episodes"][3]
    assert trace_of(quiet)["stop_condition"] == "empty_action"
    actions = [action for _, action in QUIET]
    total, last, _ = play(given["url"], given["resets"][3] | {"reward_profile": "gain"}, actions)
    assert not last.done and close(reward_of(quiet), total), (reward_of(quiet), total)
    assert total > 0


def main():
    given = json.loads(sys.argv[1])
    greedy = given["greedy"]["reset"]
    given["resets"] = [
        greedy,
        greedy | {"reward_profile": "step", "observation_profile": "delta"},
        {"task_id": "drift_drill", "seed": 7},
        {"task_id": "monday_morning", "seed": 7},
    ]
    # The date in the first line of the briefing tells the days apart.
    replies = {
        "Tue 15 Sep 2026": [json.dumps(action) for action in given["greedy"]["actions"]],
        "Fri 20 Nov 2026": [reply for reply, _ in MIXED],
        "Mon 5 Oct 2026": [reply for reply, _ in QUIET],
    }
    with tempfile.TemporaryDirectory() as folder:
        given["episodes"] = evaluate(given["url"], given["resets"], replies, Path(folder))
    run_checks(globals(), given)


if __name__ == "__main__":
    main()
