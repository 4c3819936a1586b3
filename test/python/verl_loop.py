"""The agent loop of docs/training/verl.md in verl's own worker. Arguments: rows, the best plan, and the folder of the page's files."""

import asyncio
import functools
import json
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from checks import main
from hydra import compose, initialize_config_module
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config
from verl.experimental.agent_loop.agent_loop import AgentLoopWorker
from verl.protocol import DataProto
from verl.workers.rollout.replica import TokenOutput

IDLE = '{"action_type": "do_nothing"}'
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@functools.cache
def tokenizer():
    """A tokenizer whose tokens are bytes."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytewise = Tokenizer(models.BPE(vocab={byte: place for place, byte in enumerate(alphabet)}, merges=[]))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bytewise.decoder = decoders.ByteLevel()
    bytewise.add_special_tokens(["<|im_start|>", "<|im_end|>", "<|endoftext|>"])
    made = PreTrainedTokenizerFast(tokenizer_object=bytewise, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    made.chat_template = TEMPLATE
    return made


class Engine:
    """Says the texts of a script, one each turn. The prompt of an episode names its script."""

    def __init__(self, scripts):
        self.scripts = scripts

    async def generate(self, request_id, *, prompt_ids, sampling_params):
        prompt = tokenizer().decode(prompt_ids)
        script = self.scripts[int(re.search(r"\(script (\d+)\)", prompt)[1])]
        turn = prompt.count("<|im_start|>assistant\n") - 1
        text = script[turn] if turn < len(script) else IDLE
        ids = tokenizer()(text + "<|im_end|>", add_special_tokens=False).input_ids
        return TokenOutput(token_ids=ids, log_probs=[-0.5] * len(ids))


def play(given, scripts, response_length):
    """Plays an episode of the row with each script. Returns the batch that the trainer would receive."""
    with tempfile.TemporaryDirectory() as folder:
        tokenizer().save_pretrained(folder)
        Qwen2Config(architectures=["Qwen2ForCausalLM"]).save_pretrained(folder)
        with initialize_config_module("verl.trainer.config", version_base=None):
            config = compose(
                "ppo_trainer",
                overrides=[
                    f"actor_rollout_ref.model.path={folder}",
                    "actor_rollout_ref.rollout.name=vllm",
                    "actor_rollout_ref.rollout.prompt_length=16384",
                    f"actor_rollout_ref.rollout.response_length={response_length}",
                    f"actor_rollout_ref.rollout.agent.agent_loop_config_path={given['folder']}/ghostexec_loop.yaml",
                ],
            )
        worker = AgentLoopWorker(config, Engine(scripts))
    row = given["row"]
    columns = {"raw_prompt": "prompt", "agent_name": "agent_name", "extra_info": "extra_info"}
    # The None keeps numpy from making a table of the lists.
    many = {name: np.array([row[key]] * len(scripts) + [None], dtype=object)[:-1] for name, key in columns.items()}
    first, *others = row["prompt"]
    for place in range(len(scripts)):
        # The episodes run side by side, and the order in which they begin is not that of the rows.
        many["raw_prompt"][place] = [{**first, "content": f"{first['content']}\n(script {place})"}, *others]
    data = DataProto.from_dict(tensors={"place": torch.arange(len(scripts))[:, None]}, non_tensors=many)
    return asyncio.run(worker.generate_sequences(data)).batch


@functools.cache
def whole_days(given):
    given = json.loads(given)
    best = [json.dumps(action) for action in given["plan"]]
    return play(given, [best, [], ["<think>Hm.</think> I would rather not.", *best]], 12_000)


def days(given):
    return whole_days(json.dumps(given))


def check_the_score_is_the_grade(given):
    best, idle, late = days(given)["rm_scores"].sum(-1).tolist()
    assert abs(best - 0.99) < 1e-6 and abs(idle - 0.01) < 1e-6, (best, idle)
    assert 0.01 < late < 0.99, late


def check_the_mask_marks_what_the_model_said(given):
    batch = days(given)
    ids, mask = batch["responses"][1], batch["response_mask"][1]
    said = tokenizer().decode(ids[mask == 1])
    assert said == f"{IDLE}<|im_end|>" * said.count(IDLE) and said.count(IDLE) > 3, said
    whole = tokenizer().decode(ids[batch["attention_mask"][1][-len(ids) :] == 1])
    assert whole.startswith(f"{IDLE}<|im_end|>\n<|im_start|>user\n"), whole[:200]
    assert "| step 1 of 8" in whole and "| step 2 of 8" in whole, whole


def check_log_probabilities_are_those_of_the_engine(given):
    batch = days(given)
    assert set(batch["rollout_log_probs"][batch["response_mask"] == 1].tolist()) == {-0.5}


def check_a_day_that_the_length_ends_has_the_grade_so_far(given):
    best = [json.dumps(action) for action in given["plan"]]
    batch = play(given, [best], 2_500)
    assert batch["responses"].shape[-1] == 2_500
    score = batch["rm_scores"].sum().item()
    assert 0.01 < score < 0.99, score


if __name__ == "__main__":
    sys.path.insert(0, str(Path(json.loads(sys.argv[1])["folder"])))
    main(globals())
