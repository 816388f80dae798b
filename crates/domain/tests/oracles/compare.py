"""Köprü's segments and numbers against Twilio's calculator and Google's library, on random ones.

Usage: compare.py ORACLE SEGMENTS_MJS SEED COUNT
"""

import json
import random
import subprocess
import sys

import phones
import texts


def answers(command, questions):
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    run = subprocess.run(command, input=lines.encode(), stdout=subprocess.PIPE, check=True)
    found = [json.loads(line) for line in run.stdout.decode().splitlines()]
    assert len(found) == len(questions), f"{command[0]} answered {len(found)} of {len(questions)}"
    return found


def compare(what, questions, ours, theirs):
    wrong = [case for case in zip(questions, ours, theirs) if case[1] != case[2]]
    for question, our, their in wrong[:20]:
        print(f"{question}\n  ours   {our}\n  theirs {their}")
    print(f"{what}: {len(questions)} compared, {len(wrong)} differ")
    return not wrong


def main(oracle, segments, seed, count):
    rng = random.Random(seed)
    messages = [texts.question(rng) for _ in range(count)]
    theirs = answers(["node", segments], messages)
    cut = sum(answer["count"] > 1 for answer in theirs)
    same = compare(f"segments ({cut} of several)", messages, answers([oracle], messages), theirs)

    numbers = [phones.question(rng) for _ in range(count)]
    theirs = [phones.expected(number["text"], number["region"]) for number in numbers]
    valid = sum(number is not None for number in theirs)
    ours = [answer.get("number") for answer in answers([oracle], numbers)]
    return compare(f"numbers ({valid} valid)", numbers, ours, theirs) and same


if __name__ == "__main__":
    _, oracle, segments, seed, count = sys.argv
    print(f"seed {seed}")
    sys.exit(not main(oracle, segments, int(seed), int(count)))
