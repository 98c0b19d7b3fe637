"""Does what GitHub's runner does with a composite action: inputs into expressions, each step's script by its shell.

    run_action.py ACTION INPUT=VALUE...

Steps that use other actions are printed as "uses NAME KEY=VALUE...", when their condition holds. Ends as the first step that
fails does.
"""

import os
import re
import subprocess
import sys
import tempfile

import yaml


class Runner:
    def __init__(self, action, given):
        self.inputs = {name: str(given.get(name, row.get("default", ""))) for name, row in action["inputs"].items()}
        assert set(given) <= set(self.inputs), "an input that there is not"
        assert all(self.inputs[name] for name, row in action["inputs"].items() if row.get("required"))
        self.outputs = {}
        self.status = 0

    def value(self, term):
        term = term.strip()
        if term.startswith("'"):
            return term.strip("'")
        if term.startswith("inputs."):
            return self.inputs[term[len("inputs."):]]
        _, step, _, name = term.split(".")
        return self.outputs[step].get(name, "")

    def expand(self, text):
        return re.sub(r"\$\{\{(.*?)\}\}", lambda match: self.value(match[1]), text)

    def holds(self, condition):
        if condition is None:
            return self.status == 0
        terms = [term.strip() for term in condition.split("&&")]
        if "always()" not in terms and self.status != 0:
            return False
        for term in terms:
            if term != "always()":
                left, operator, right = re.match(r"(\S+) (==|!=) (\S+)$", term).groups()
                if (self.value(left) == self.value(right)) != (operator == "=="):
                    return False
        return True

    def run(self, step):
        assert step["shell"] == "bash"
        env = {name: self.expand(value) for name, value in step.get("env", {}).items()}
        with tempfile.NamedTemporaryFile("w+") as script, tempfile.NamedTemporaryFile("r") as output:
            script.write(step["run"])
            script.flush()
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", script.name]
            status = subprocess.run(command, env={**os.environ, **env, "GITHUB_OUTPUT": output.name}).returncode
            self.outputs[step.get("id")] = dict(line.rstrip("\n").split("=", 1) for line in output)
        self.status = self.status or status

    def step(self, step):
        if not self.holds(step.get("if")):
            return
        if "run" in step:
            self.run(step)
        else:
            print("uses", step["uses"], *(f"{name}={self.expand(value)}" for name, value in step["with"].items()))


def main():
    with open(sys.argv[1]) as file:
        action = yaml.safe_load(file)
    assert action["runs"]["using"] == "composite"
    runner = Runner(action, dict(pair.split("=", 1) for pair in sys.argv[2:]))
    for step in action["runs"]["steps"]:
        runner.step(step)
    outputs = {name: runner.expand(row["value"]) for name, row in action["outputs"].items()}
    print("outputs", *(f"{name}={value}" for name, value in outputs.items()))
    sys.exit(runner.status)


main()
