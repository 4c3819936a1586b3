"""The task of docs/training/inspect.md over ORS, with scripted models. Takes the path of its program, and the best plans, as JSON."""

from checks import main
from inspect_days import grades, idle, load, planned, play, results


def evaluate(given, turn):
    return play(given, turn, load(given["ors_program"]).ghostexec_ors())


def check_the_last_reward_of_the_best_plans_is_the_greatest_grade(given):
    samples = evaluate(given, planned(given))
    assert grades(samples) == [0.99] * len(given["plans"]), grades(samples)


def check_the_last_reward_of_doing_nothing_is_the_least_grade(given):
    samples = evaluate(given, idle)
    assert grades(samples) == [0.01] * len(given["plans"]), grades(samples)


def check_a_model_that_stops_before_the_end_has_the_grade_so_far(given):
    plan = planned(given)
    samples = evaluate(given, lambda messages, tools: "Enough." if len(results(messages)) == 4 else plan(messages, tools))
    assert all(0.01 < value < 0.99 for value in grades(samples)), grades(samples)
    assert not any("openreward_finished" in sample.metadata for sample in samples)


if __name__ == "__main__":
    main(globals())
