"""What TensorBoard shows of a folder, by its own reader: python read_event_files.py FOLDER prints JSON by run."""
import base64
import json
import math
import sys

from tensorboard import context
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.data import provider

folder = sys.argv[1]
# As many as there are: TensorBoard itself shows a sample of a long series.
multiplexer = plugin_event_multiplexer.EventMultiplexer(
    tensor_size_guidance={"scalars": 0, "images": 0, "text": 0}
)
multiplexer.AddRunsFromDirectory(folder)
multiplexer.Reload()
data = data_provider.MultiplexerDataProvider(multiplexer, folder)
request = context.RequestContext()
all_points = 10**6


def number(value):
    return value if math.isfinite(value) else str(value)


shown = {}
for run in multiplexer.Runs():
    wanted = provider.RunTagFilter(runs=[run])
    scalars = data.read_scalars(
        request, experiment_id="", plugin_name="scalars", downsample=all_points, run_tag_filter=wanted
    ).get(run, {})
    images = data.read_blob_sequences(
        request, experiment_id="", plugin_name="images", downsample=all_points, run_tag_filter=wanted
    ).get(run, {})
    texts = data.read_tensors(
        request, experiment_id="", plugin_name="text", downsample=all_points, run_tag_filter=wanted
    ).get(run, {})
    shown[run] = {
        "scalars": {tag: [[p.step, number(p.value)] for p in points] for tag, points in scalars.items()},
        "texts": {tag: [[p.step, p.numpy.item().decode()] for p in points] for tag, points in texts.items()},
        "images": {
            tag: [
                [
                    p.step,
                    [
                        base64.b64encode(data.read_blob(request, blob_key=blob.blob_key)).decode()
                        for blob in p.values
                    ],
                ]
                for p in points
            ]
            for tag, points in images.items()
        },
    }
json.dump(shown, sys.stdout)
