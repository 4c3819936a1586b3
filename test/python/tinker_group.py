"""The environments of docs/training/tinker.md in tinker-cookbook's own rollouts. Arguments: a row, the best plan, and the page's code."""

import functools
import json
import logging

from checks import main
from tinker_cookbook.completers import TokenCompleter, TokensWithLogprobs
from tinker_cookbook.renderers import get_renderer
from tinker_cookbook.rl.rollouts import do_group_rollout
from verl_loop import IDLE, tokenizer

logging.disable(logging.CRITICAL)


@functools.cache
def page(code):
    names = {"__name__": "page"}
    exec(compile(code, "docs/training/tinker.md", "exec"), names)  # The code of our own page.
    return names


class Script(TokenCompleter):
    """Says the texts of a script, one each turn. The first episode to ask has the first script, and so on."""

    def __init__(self, scripts, length=None):
        self.scripts = scripts
        self.length = length
        self.begun = 0

    async def __call__(self, model_input, stop, *, max_tokens=None):
        context = tokenizer().decode(model_input.to_ints())
        turn = context.count("\n\nAssistant:") - 1
        if turn == 0:
            script = self.scripts[self.begun]
            self.begun += 1
        else:
            # The scripts differ from the first turn on.
            script = next(one for one in self.scripts if (one[0] if one else IDLE) in context)
        text = script[turn] if turn < len(script) else IDLE
        ids = tokenizer()(text + "\n\nUser:", add_special_tokens=False).input_ids
        is_cut = turn == self.length
        return TokensWithLogprobs(ids[:20] if is_cut else ids, [-0.5] * len(ids), "length" if is_cut else "stop")


async def play(given, policy):
    renderer = get_renderer("role_colon", tokenizer())
    builder = page(given["code"])["GhostexecGroup"](given["row"], len(policy.scripts), renderer)
    return await do_group_rollout(builder, policy)


async def check_the_reward_of_a_group_is_the_grade(given):
    group = await play(given, Script([[json.dumps(action) for action in given["plan"]], []]))
    # Either member may be the first to ask.
    idle, best = sorted(group.get_total_rewards())
    assert abs(best - 0.99) < 1e-6 and abs(idle - 0.01) < 1e-6, (best, idle)
    for trajectory in group.trajectories_G:
        assert trajectory.stop_reason == "completed", trajectory.stop_reason


async def check_an_episode_that_is_cut_has_the_grade_so_far(given):
    group = await play(given, Script([[json.dumps(action) for action in given["plan"]]], length=4))
    [reward] = group.get_total_rewards()
    assert 0.01 < reward < 0.99, reward
    assert group.trajectories_G[0].stop_reason == "max_tokens", group.trajectories_G[0].stop_reason


if __name__ == "__main__":
    main(globals())
