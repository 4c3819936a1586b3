"""The environment of docs/training/skyrl.md with SkyRL-Gym. GHOSTEXEC_URL and GHOSTEXEC_API_KEY name the server and its key."""

import json
import math
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request, urlopen

import skyrl_gym
from checks import main
from skyrl_gym.metrics import aggregate_for_environment

IDLE = '{"action_type": "do_nothing"}'


def rows(given):
    return [json.loads(line) for line in Path(given["rows"]).read_text().splitlines()]


def play(row, actions=()):
    """Plays a day: the actions, then nothing until it ends. Returns the outputs and the metrics."""
    with skyrl_gym.make("ghostexec", env_config={}, extras=row) as env:
        messages, _ = env.init(row["prompt"])
        assert messages == row["prompt"]
        outputs = []
        actions = [*actions]
        while not outputs or not outputs[-1]["done"]:
            outputs.append(env.step(actions.pop(0) if actions else IDLE))
        return outputs, env.get_metrics()


def best(given, row):
    return [json.dumps(action) for action in given["plans"][row["task_id"]]]


def total(outputs):
    return sum(output["reward"] for output in outputs)


def check_the_rewards_of_a_day_add_up_to_the_grade(given):
    for row in rows(given):
        outputs, metrics = play(row, best(given, row))
        assert math.isclose(total(outputs), 0.99), total(outputs)
        assert metrics == {"steps": len(outputs), "invalid_steps": 0, "done": True, "success": True}, metrics
        outputs, metrics = play(row)
        assert math.isclose(total(outputs), 0.01), total(outputs)
        assert metrics["done"] and not metrics["success"], metrics


def check_every_reward_is_a_number(given):
    outputs, _ = play(rows(given)[0])
    assert all(type(output["reward"]) in (int, float) for output in outputs), outputs
    assert [output["done"] for output in outputs] == [False] * (len(outputs) - 1) + [True]
    for output in outputs[:-1]:
        [message] = output["observations"]
        assert message["role"] == "user" and "Last action" in message["content"], message
    assert outputs[-1]["observations"] == []


def check_raw_completions_are_read(given):
    [row, *_] = rows(given)
    [first, second, third, *_] = best(given, row)
    completions = [
        f"<think>{IDLE}</think> I begin.\n```json\n{first}\n```",
        f"So:\n<action>{second}</action>",
        "No idea.",
        "",
        f"{third}<|im_end|>",
    ]
    outputs, metrics = play(row, completions)
    assert [output["metadata"]["step_ok"] for output in outputs[:5]] == [True, True, False, False, True], outputs[:5]
    assert outputs[2]["metadata"]["error"] and metrics["invalid_steps"] == 2, outputs[2]
    assert total(outputs) > 0.1


def check_a_model_may_stop_early(given):
    [row, *_] = rows(given)
    with skyrl_gym.make("ghostexec", env_config={}, extras=row) as env:
        env.init(row["prompt"])
        outputs = [env.step(action) for action in best(given, row)[:3]]
        metrics = env.get_metrics()
    # The rewards so far are the grade if nothing more were done.
    assert 0.1 < total(outputs) < 0.99 and not metrics["done"], outputs
    assert math.isclose(total(outputs), total(play(row, best(given, row)[:3])[0]))


def check_environments_play_side_by_side(given):
    days = rows(given) * 16
    with ThreadPoolExecutor(16) as pool:
        played = list(pool.map(play, days))
    for row in rows(given):
        same = [outputs for day, (outputs, _) in zip(days, played) if day == row]
        assert len(same) == 16 and all(outputs == same[0] for outputs in same)


def check_metrics_are_averaged(given):
    [row, *_] = rows(given)
    metrics = [play(row)[1], play(row, best(given, row))[1]]
    averages = aggregate_for_environment("ghostexec", metrics)
    assert averages["success"] == 0.5 and averages["done"] == 1, averages


@contextmanager
def losing_answers():
    """A proxy before the server that loses the answer of each third request, after the server has carried it out."""
    server = os.environ["GHOSTEXEC_URL"]
    count = 0

    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self):
            nonlocal count
            count += 1
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name: self.headers[name] for name in ("content-type", "authorization")}
            with urlopen(Request(server + self.path, body, headers)) as answer:
                found = answer.read()
            if count % 3 == 0:
                self.connection.close()
                return
            self.send_response(200)
            self.send_header("content-length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)

        def log_message(self, *_):
            pass

        def handle_one_request(self):
            try:
                super().handle_one_request()
            except (OSError, ValueError):
                self.close_connection = True

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    os.environ["GHOSTEXEC_URL"] = f"http://127.0.0.1:{proxy.server_port}"
    try:
        yield
    finally:
        os.environ["GHOSTEXEC_URL"] = server
        proxy.shutdown()
        proxy.server_close()


def check_a_lost_answer_is_requested_again(given):
    [row, *_] = rows(given)
    with losing_answers(), skyrl_gym.make("ghostexec", env_config={}, extras=row) as env:
        env.init(row["prompt"])
        outputs = [env.step(action) for action in best(given, row)]
    assert outputs == play(row, best(given, row))[0]


if __name__ == "__main__":
    exec(json.loads(sys.argv[1])["page"][0])
    main(globals())
