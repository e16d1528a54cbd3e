"""Hands events, one JSON object a line on stdin, to the official wandb package, and answers on stdout likewise.

`model-patching wandb` starts it. That program reads and decodes the run folders; this script knows nothing of them.
"""
import base64
import io
import json
import os
import sys

QUIET = {
    "silent": True,
    "console": "off",
    "disable_git": True,
    "save_code": False,
    "disable_job_creation": True,
    "x_disable_stats": True,
    "x_disable_meta": True,
    "x_save_requirements": False,
}

# The answers have the standard output to themselves: what wandb prints goes to stderr.
ANSWERS = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

runs = {}


def answer(**fields):
    ANSWERS.write(json.dumps(fields) + "\n")
    ANSWERS.flush()


def settings(wandb):
    """The settings that keep wandb quiet, as far as its version has them."""
    known = getattr(wandb.Settings, "model_fields", QUIET)
    return wandb.Settings(**{name: value for name, value in QUIET.items() if name in known})


def picture(wandb, encoded):
    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(encoded)))
    image.load()
    return wandb.Image(image)


def begin(wandb, event):
    run = wandb.init(
        resume="allow", reinit="create_new", settings=settings(wandb), **event["init"]
    )
    runs[event["run"]] = run
    answer(
        event="begun",
        step=run.step,
        folder=os.path.dirname(run.dir),
        url=None if event["init"]["mode"] == "offline" else run.url,
    )


def log(wandb, event):
    values = dict(event["values"])
    for name, encoded in event.get("images", {}).items():
        values[name] = picture(wandb, encoded)
    for name, table in event.get("tables", {}).items():
        values[name] = wandb.Table(columns=table["columns"], data=table["rows"])
    runs[event["run"]].log(values, step=event["step"])


def artifact(wandb, event):
    kept = wandb.Artifact(event["name"], type="model", metadata=event["metadata"])
    # The file stays where it is: checkpoints of a finished run are not written to any more.
    kept.add_file(event["file"], policy="immutable", skip_cache=True)
    runs[event["run"]].log_artifact(kept, aliases=event["aliases"])


def mark(wandb, event):
    answer(event="marked")


def finish(wandb, event):
    runs.pop(event["run"]).finish(exit_code=0)
    answer(event="finished")


HANDLERS = {f.__name__: f for f in (begin, log, artifact, mark, finish)}


def has_pillow():
    try:
        import PIL.Image  # noqa: F401

        return True
    except ImportError:
        return False


def one_line(error):
    return " ".join(str(error).split()) or type(error).__name__


def main():
    try:
        import wandb

        if not hasattr(wandb, "init"):
            raise ImportError("a folder of this name, which is no package")
    except ImportError as error:
        answer(event="missing", reason=one_line(error))
        return 0
    answer(event="ready", wandb=wandb.__version__, pillow=has_pillow())
    try:
        for line in sys.stdin:
            event = json.loads(line)
            HANDLERS[event["event"]](wandb, event)
    except Exception as error:
        answer(event="error", reason=one_line(error))
        return 1
    finally:
        # Only where the other program has gone, or wandb has failed, are runs left over.
        for run in runs.values():
            run.finish(exit_code=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
