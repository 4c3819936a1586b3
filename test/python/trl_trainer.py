"""
GRPOTrainer of TRL with a Ghostexec server: the code of docs/training/trl.md, with a tiny model.

Real: TRL's environments, sessions on the server, tool calls, rewards, advantages, loss and optimizer. Scripted: the text of the turns. A
random model hardly ever writes a tool call, so `generate` returns what one of four plans says, one plan for each episode of a group.
The checks with `random` in their names use the real `generate`.
"""

import functools
import json
import math
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import torch
from checks import main
from openreward import OpenReward
from openreward.api.environments.types import Task
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM
from transformers.utils import get_json_schema
from trl.chat_template_utils import qwen3_instruct_2507_chat_template
from trl.experimental.openreward import OpenRewardSpec

GIVEN = json.loads(sys.argv[1])
"""page: its blocks of Python; plans: the best plan by task; rows: the path of a dataset; folder: a place for files."""
URL = os.environ["OPENREWARD_API_URL"]
TASKS = list(GIVEN["plans"])
"""Short days, because attention is slow on a CPU."""
STEPS = 3
GROUP = 4
REWARD = "_outcome_only_reward_func"
"""The name of the reward function of OpenRewardSpec, and so of the column in the tables of completions."""

OVER = "The day is over."
IDLE = {"name": "do_nothing", "arguments": {}}
CLUMSY = [
    [{"name": "fly", "arguments": {}}],
    [{"name": "archive_email", "arguments": {"email": "e01"}}],
    [{"name": "archive_email", "arguments": {"email_id": 7}}],
    [{"name": "reply_email", "arguments": {"email_id": "e01", "message_body": ["?"], "channel": 1}}, IDLE],
]
"""Turns with bad calls: an unknown tool, an unknown argument, ill-typed ones, and two calls at once."""


def custom(**spec):
    return Task(server_name="ghostexec", environment_name="ghostexec", task_spec=spec, namespace=None)


def without(action, key):
    return {name: value for name, value in action.items() if name != key}


@functools.cache
def days():
    """By task: the prompt, and all texts of an idle day and of the best one."""
    found = {}
    env = OpenReward().environments.get("ghostexec")
    for task in TASKS:
        texts = []
        for plan in ([], GIVEN["plans"][task]):
            with env.session(custom(task_id=task)) as session:
                prompt = session.get_prompt()[0].text
                finished = False
                while not finished:
                    [action, *plan] = plan or [{"action_type": "do_nothing"}]
                    output = session.call_tool(action["action_type"], without(action, "action_type"))
                    texts.append(output.blocks[0].text)
                    finished = output.finished
        found[task] = (prompt, [prompt, *texts])
    return found


def indices():
    """The places of the tasks in the split."""
    tasks = OpenReward().environments.get("ghostexec").list_tasks("train")
    return [place for place, task in enumerate(tasks) if task.task_spec["id"] in TASKS]


def tools():
    """The tools as TRL makes them."""
    environment = OpenRewardSpec(URL).environment_factory()
    return [getattr(environment, tool.name) for tool in OpenReward().environments.get("ghostexec").list_tools()]


@functools.cache
def tokenizer():
    """A tokenizer of 8,192 tokens. Most lines of the briefings are one token each, so that whole days fit into a test."""
    parts = [pre_tokenizers.Split("\n", "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(parts)
    bpe.decoder = decoders.ByteLevel()
    tags = ["tool_call", "/tool_call", "tool_response", "/tool_response"]
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *(f"<{tag}>" for tag in tags)]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    texts = [text for _, texts in days().values() for text in texts]
    texts += [json.dumps(get_json_schema(tool)) for tool in tools()]
    trainer = BpeTrainer(vocab_size=8192, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    bpe.train_from_iterator(texts, trainer)
    made = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    made.chat_template = qwen3_instruct_2507_chat_template
    return made


@functools.cache
def model_folder():
    """A folder with a random model of two layers and its tokenizer, as `from_pretrained` reads it."""
    folder = tempfile.mkdtemp(dir=GIVEN["folder"])
    torch.manual_seed(0)
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "max_position_embeddings": 65536}
    heads = {"num_attention_heads": 1, "num_key_value_heads": 1, "head_dim": 16}
    Qwen3ForCausalLM(Qwen3Config(vocab_size=len(tokenizer()), **size, **heads)).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def turn_of(plan, context):
    """The calls of the next turn of a plan, or None if the model stops."""
    task = next(task for task, (prompt, _) in days().items() if prompt.split("INBOX")[1] in context)
    turn = context.count(f"PLAN {plan}")
    if OVER in context:
        return None
    if plan == "leave" and turn == 2:
        return None
    if plan in ("work", "leave") and turn < len(GIVEN["plans"][task]):
        action = GIVEN["plans"][task][turn]
        return [{"name": action["action_type"], "arguments": without(action, "action_type")}]
    if plan == "clumsy" and turn < len(CLUMSY):
        return CLUMSY[turn]
    return [IDLE]


PLANS = ["work", "idle", "clumsy", "leave"]


def scripted_generate(_, input_ids, **__):
    """What `generate` returns for these contexts: with each of them, the next turn of its plan."""
    completions = []
    for place, ids in enumerate(input_ids):
        context = tokenizer().decode(ids)
        begun = re.search(r"PLAN (\w+)", context)
        plan = begun[1] if begun else PLANS[place % GROUP]
        calls = turn_of(plan, context)
        text = "I stop here." if calls is None else f"PLAN {plan}"
        for call in calls or []:
            text += f"\n<tool_call>\n{json.dumps(call)}\n</tool_call>"
        completions.append(tokenizer()(f"{text}<|im_end|>").input_ids)
    longest = max(map(len, completions))
    rows = [ids + [tokenizer().pad_token_id] * (longest - len(ids)) for ids in completions]
    return torch.cat([input_ids, torch.tensor(rows)], dim=1)


class Trained:
    """
    Code of the page, run with a tiny model.
    instead: other code of the page, for the lines of the first that name dataset and environments
    """

    def __init__(self, code, instead=None, scripted=True, **config):
        self.config = {
            "output_dir": tempfile.mkdtemp(dir=GIVEN["folder"]),
            "num_generations": GROUP,
            "per_device_train_batch_size": 2 * GROUP,
            "max_steps": STEPS,
            "logging_steps": 1,
            "save_strategy": "no",
            "report_to": "none",
            "use_cpu": True,
            "bf16": False,
            "gradient_checkpointing": False,
            "disable_tqdm": True,
            **config,
        }
        if instead is not None:
            # The page says that this code replaces these lines.
            code = re.sub(r"dataset = .*\nfactory = .*\n", lambda _: instead, code)
        code = code.replace("train.jsonl", GIVEN["rows"])
        code = code.replace('"http://127.0.0.1:8000"', f'"{URL}", indices={indices()}')
        code = re.sub(r'model="[^"]+"', f"model={model_folder()!r}", code)
        code = re.sub(r"GRPOConfig\((.*)\)", r"GRPOConfig(**{**dict(\1), **CONFIG})", code)
        self.names = {"CONFIG": self.config}
        generate = Qwen3ForCausalLM.generate
        if scripted:
            Qwen3ForCausalLM.generate = scripted_generate
        try:
            exec(code, self.names)
        finally:
            Qwen3ForCausalLM.generate = generate
        self.trainer = self.names["trainer"]
        self.steps = [entry for entry in self.trainer.state.log_history if "reward" in entry]

    def episodes(self):
        """The episodes of the last step: what TRL has recorded of them, and their environments."""
        logs = self.trainer._logs
        records = zip(logs["prompt"], logs["rewards"][REWARD], logs["advantages"], self.trainer.environments)
        return [Record(PLANS[place % GROUP], *record) for place, record in enumerate(records)]


class Record(NamedTuple):
    plan: str
    prompt: object
    reward: float
    advantage: float
    environment: object

    @property
    def facts(self):
        """The metadata of the last call that the server has answered."""
        return next(facts for facts in reversed(self.environment.metadata) if facts is not None)


@functools.cache
def trained():
    """The first code of the page, as it stands."""
    return Trained(GIVEN["page"][0])


def check_the_days_end(given):
    for plan, _, _, _, environment in trained().episodes():
        assert environment.finished == (plan != "leave"), plan
        assert (environment.last_output == OVER) == (plan != "leave"), environment.last_output


def check_the_reward_is_the_grade(given):
    for record in trained().episodes():
        if record.plan == "leave":
            assert record.facts["grade"] is None and 0.1 < record.reward < 0.5, record
        else:
            assert math.isclose(record.reward, record.facts["grade"]["grade"], rel_tol=1e-6), record


def check_the_episodes_of_a_group_are_the_same_day(given):
    groups = [trained().episodes()[start : start + GROUP] for start in (0, GROUP)]
    for group in groups:
        assert len({json.dumps(record.prompt) for record in group}) == 1
        assert len({(record.facts["task_id"], record.facts["seed"], record.facts["rules"]) for record in group}) == 1
    assert {group[0].facts["task_id"] for group in groups} == set(TASKS)


def check_bad_calls_are_answered(given):
    for plan, _, reward, _, environment in trained().episodes():
        if plan != "clumsy":
            continue
        # TRL refuses the first two calls itself. The other two are invalid steps.
        assert [facts["step_ok"] for facts in environment.metadata[:3]] == [False, False, True], environment.metadata
        assert math.isclose(reward, 0.01, rel_tol=1e-6)
    assert all(0 < step["tools/failure_frequency"] < 0.2 for step in trained().steps)


def check_a_group_has_a_spread_of_rewards(given):
    records = trained().episodes()
    for plan, _, reward, advantage, _ in records:
        expected = {"work": 0.99, "leave": reward}.get(plan, 0.01)
        assert math.isclose(reward, expected, rel_tol=1e-6) and (plan == "leave" or (advantage > 0) == (plan == "work"))
    mean = sum(record.reward for record in records) / len(records)
    for step in trained().steps:
        # Each step has both tasks and all plans.
        assert math.isclose(step["reward"], mean, rel_tol=1e-4) and step["frac_reward_zero_std"] == 0, step


def check_the_optimizer_runs(given):
    steps = trained().steps
    assert len(steps) == trained().trainer.state.global_step == STEPS, steps
    assert all(step["grad_norm"] > 0 for step in steps), steps
    before = Qwen3ForCausalLM.from_pretrained(model_folder()).state_dict()
    after = trained().trainer.model.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before)


def check_another_reward_profile(given):
    for record in Trained(GIVEN["page"][0], GIVEN["page"][1], max_steps=1).episodes():
        assert record.facts["reward_profile"] == "terminal", record
        if record.plan == "leave":
            assert math.isnan(record.reward), record
        else:
            assert math.isclose(record.reward, 0.99 if record.plan == "work" else 0.01, rel_tol=1e-6), record


def check_the_rows_of_a_dataset(given):
    lines = Path(GIVEN["rows"]).read_text().splitlines()
    rows = [{key: row[key] for key in ("task_id", "seed")} for row in map(json.loads, lines)]
    for record in Trained(GIVEN["page"][0], GIVEN["page"][2], max_steps=1).episodes():
        [system, user] = record.prompt
        assert "ACTIONS" in system["content"] and user["content"].count("INBOX") == 1, record.prompt
        assert {"task_id": record.facts["task_id"], "seed": record.facts["seed"]} in rows, record.facts
        if record.plan != "leave":
            assert math.isclose(record.reward, record.facts["grade"]["grade"], rel_tol=1e-6), record


def check_a_random_model_that_calls_no_tool(given):
    random = Trained(GIVEN["page"][0], scripted=False, max_steps=1, max_completion_length=16)
    assert random.trainer.state.global_step == 1
    assert all(math.isnan(record.reward) and not record.environment.rewards for record in random.episodes())


if __name__ == "__main__":
    main(globals())
