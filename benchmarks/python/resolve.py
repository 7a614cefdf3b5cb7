"""Resolves secrets as Metaflow and boto3 do.

With no arguments: for each line `HOW PREFIX COUNT` of standard input it resolves the secrets PREFIX0, PREFIX1, ..,
and writes the seconds that took. With `HOW PREFIX COUNT` as arguments it does so once, and ends.
"""

import os
import sys
import time


class Metaflow:
    """What `@secrets` does before a step: its own decorator, with its own resolver."""

    def __init__(self):
        from metaflow.plugins.secrets.secrets_decorator import SecretsDecorator

        self.decorator = SecretsDecorator

    def resolve(self, names):
        before = set(os.environ)
        decorator = self.decorator(attributes={"sources": names, "role": None, "allow_override": False})
        start = time.perf_counter()
        decorator.task_pre_step("start", None, None, None, None, None, None, 0, 0, None, None)
        taken = time.perf_counter() - start
        added = set(os.environ) - before
        assert len(added) == len(names), added
        for name in added:
            del os.environ[name]
        return taken


class OneByOne:
    """boto3 with one client for all."""

    def __init__(self):
        import boto3

        self.client = boto3.client("secretsmanager")

    def resolve(self, names):
        start = time.perf_counter()
        answers = [self.client.get_secret_value(SecretId=name) for name in names]
        taken = time.perf_counter() - start
        assert len(answers) == len(names)
        return taken


class Batch(OneByOne):
    """The same by batches of 20."""

    def resolve(self, names):
        start = time.perf_counter()
        found = 0
        for at in range(0, len(names), 20):
            answer = self.client.batch_get_secret_value(SecretIdList=names[at : at + 20])
            found += len(answer["SecretValues"])
        taken = time.perf_counter() - start
        assert found == len(names)
        return taken


HOW = {"metaflow": Metaflow, "boto3": OneByOne, "boto3-batch": Batch}
made = {}


def resolve(line):
    how, prefix, count = line.split()
    if how not in made:
        made[how] = HOW[how]()
    return made[how].resolve([f"{prefix}{n}" for n in range(int(count))])


if len(sys.argv) > 1:
    resolve(" ".join(sys.argv[1:]))
else:
    for line in sys.stdin:
        print(resolve(line), flush=True)
