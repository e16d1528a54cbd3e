"""What the Python peers share: a row's folder, and the conversation with the program that times them.

One JSON object a line. In: {"load": row, "variant": name, "folder": path, "count": n}, {"step": key}, {"unload": key}.
Out: first {"version": ..., "variants": [...]}, then one answer to each line. A step is timed here, around the step alone.
"""

import json
import os
import sys
import time

import numpy


def read_safetensors(path):
    """Arrays by name."""
    with open(path, "rb") as file:
        content = file.read()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    types = {"F32": numpy.float32, "I32": numpy.int32}
    arrays = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        arrays[name] = numpy.frombuffer(content[start:end], types[entry["dtype"]]).reshape(entry["shape"]).copy()
    return arrays


class Row:
    """What a row's folder holds."""

    def __init__(self, folder):
        with open(os.path.join(folder, "row.json"), encoding="utf8") as file:
            content = json.load(file)
        self.description = content["description"]
        self.models = content["models"]
        self.batch = read_safetensors(os.path.join(folder, "batch.safetensors"))
        self.weights = {
            name: read_safetensors(os.path.join(folder, f"{name}.safetensors")) for name in self.models
        }


def serve(version, variants, make):
    """Answers until the input ends. `make(row, variant)` returns `first_losses(count)` and `step()`."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf8")
    os.dup2(2, 1)
    contenders = {}

    def answer(value):
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    answer({"version": version, "variants": variants})
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if "load" in command:
                first_losses, step = make(Row(command["folder"]), command["variant"])
                answer({"losses": first_losses(command["count"])})
                contenders[f"{command['load']}/{command['variant']}"] = step
            elif "step" in command:
                step = contenders[command["step"]]
                start = time.perf_counter()
                step()
                answer({"milliseconds": 1000 * (time.perf_counter() - start)})
            else:
                contenders.pop(command["unload"], None)
                answer({})
        except Exception as error:  # told to whoever asked, who goes on without this contender
            answer({"error": f"{type(error).__name__}: {error}".splitlines()[0]})
