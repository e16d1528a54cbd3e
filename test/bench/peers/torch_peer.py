"""The steps in PyTorch, images channels first or (the variant of that name) channels last in memory."""

import json
import sys

import torch
from torch import nn
from torch.nn import functional

from peer import serve

DEVICE = torch.device(sys.argv[1])
torch.zeros(1, device=DEVICE)  # or an error that tells why not


class Convolution(nn.Conv2d):
    """With the padding of Keras, which may be one wider after an image than before it."""

    def __init__(self, *sizes, same, **others):
        super().__init__(*sizes, **others)
        self.same = same

    def forward(self, x):
        if not self.same:
            return super().forward(x)
        missing = []
        for size, stride, kernel in zip(x.shape[:1:-1], self.stride, self.kernel_size):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            missing += [total // 2, total - total // 2]
        if len(set(missing)) == 1:
            return functional.conv2d(x, self.weight, self.bias, self.stride, missing[0])
        return super().forward(functional.pad(x, missing))


class Flatten(nn.Module):
    """In the order of Keras, channels last."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


class Module(nn.Module):
    """A layers model in the JSON form of Keras, with the row's weights."""

    def __init__(self, text, weights):
        super().__init__()
        config = json.loads(text)["config"]
        self.graph = []
        self.parts = nn.ModuleDict()
        channels = {}
        for layer in config["layers"]:
            name, kind, settings = layer["name"], layer["class_name"], layer["config"]
            inputs = [entry[0] for entry in layer["inbound_nodes"][0]] if layer["inbound_nodes"] else []
            own = {key.split("/")[-1]: torch.from_numpy(w) for key, w in weights.items() if key.split("/")[0] == name}
            operation = self.operation(kind, settings, own)
            if isinstance(operation, nn.Module):
                self.parts[name] = operation
            self.graph.append((name, operation, inputs))
        self.output = config["output_layers"][0][0]

    @staticmethod
    def activated(settings, module):
        activations = {"relu": nn.ReLU(), "tanh": nn.Tanh()}
        activation = activations.get(settings.get("activation"))
        return module if activation is None else nn.Sequential(module, activation)

    def operation(self, kind, settings, own):
        if kind == "InputLayer":
            return None
        if kind in ("Conv2D", "Conv2DTranspose"):
            transposed = kind == "Conv2DTranspose"
            # A kernel is [height, width, in, out], of a transposed convolution [height, width, out, in].
            kernel = own["kernel"].permute(3, 2, 0, 1).contiguous()
            first, second = kernel.shape[:2]
            size, stride = settings["kernel_size"][0], settings["strides"][0]
            same, bias = settings["padding"] == "same", "bias" in own
            if transposed:
                padding = (size - stride) // 2 if same else 0
                built = nn.ConvTranspose2d(first, second, size, stride, padding, bias=bias)
            else:
                built = Convolution(second, first, size, stride, same=same, bias=bias)
            built.weight.data.copy_(kernel)
            if bias:
                built.bias.data.copy_(own["bias"])
            return self.activated(settings, built)
        if kind == "Dense":
            built = nn.Linear(*own["kernel"].shape)
            built.weight.data.copy_(own["kernel"].T)
            built.bias.data.copy_(own["bias"])
            return self.activated(settings, built)
        if kind == "BatchNormalization":
            built = nn.BatchNorm2d(len(own["beta"]), settings["epsilon"], 1 - settings["momentum"])
            built.bias.data.copy_(own["beta"])
            built.running_mean.copy_(own["moving_mean"])
            built.running_var.copy_(own["moving_variance"])
            if "gamma" in own:
                built.weight.data.copy_(own["gamma"])
            else:
                built.weight.requires_grad_(False)
            return built
        if kind == "LeakyReLU":
            return nn.LeakyReLU(settings["alpha"])
        if kind in ("ReLU", "Activation"):
            return nn.ReLU()
        if kind == "Dropout":
            return nn.Dropout(settings["rate"])
        if kind == "MaxPooling2D":
            return nn.MaxPool2d(settings["pool_size"][0], settings["strides"][0])
        if kind == "GlobalAveragePooling2D":
            return lambda x: x.mean((2, 3))
        if kind == "Flatten":
            return Flatten()
        if kind == "Concatenate":
            return lambda *xs: torch.cat(xs, 1)
        if kind == "Add":
            return lambda a, b: a + b
        if kind == "ZeroPadding2D":
            (top, bottom), (left, right) = settings["padding"]
            return nn.ZeroPad2d((left, right, top, bottom))
        if kind == "Cropping2D":
            (top, bottom), (left, right) = settings["cropping"]
            return lambda x: x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]
        raise ValueError(f"no layer {kind}")

    def forward(self, x):
        values = {}
        for name, operation, inputs in self.graph:
            values[name] = x if operation is None else operation(*(values[i] for i in inputs))
        return values[self.output]


def model_of(row, name, layout):
    return Module(row.models[name], row.weights[name]).to(DEVICE, memory_format=layout).train()


def images_of(row, name, layout):
    return torch.from_numpy(row.batch[name]).to(DEVICE).permute(0, 3, 1, 2).contiguous(memory_format=layout)


def group_means(values, groups, count):
    members = functional.one_hot(groups, count).to(values.dtype)
    return values @ members / members.sum(0)


def consistency(original, first, second):
    logs = [functional.log_softmax(logits, 1) for logits in (original, first, second)]
    mean = torch.log((logs[1].exp() + logs[2].exp()) / 2)
    divergences = [(log.exp() * (log - mean)).sum(1) for log in logs]
    return divergences[0] / 2 + (divergences[1] + divergences[2]) / 4


def robust(row, layout):
    description = row.description
    model = model_of(row, "classifier", layout)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(parameters, description["learningRate"], momentum=0.9, nesterov=True)
    images = images_of(row, "images", layout)
    labels, groups = (torch.from_numpy(row.batch[name]).to(DEVICE).long() for name in ("labels", "groups"))
    count = description["groups"]
    adversary = torch.zeros(count, device=DEVICE)
    adjustments = torch.tensor(description["adjustments"], device=DEVICE)
    maximum_norm = description["maximumGradientNorm"]

    def step():
        optimizer.zero_grad()
        blocks = model(images).split(len(labels))
        each = functional.cross_entropy(blocks[0], labels, reduction="none")
        if description["objective"] == "erm":
            loss = each.mean()
        else:
            means = group_means(each, groups, count)
            with torch.no_grad():
                adversary.add_(description["adversaryStepSize"] * (means + adjustments))
                if description["objective"] == "gdro":
                    weights = adversary.softmax(0)
                else:
                    weights = adversary.reshape(-1, 2).softmax(1).reshape(-1) / (count / 2)
            loss = (weights * means).sum()
        if description["consistencyWeight"] > 0:
            loss = loss + description["consistencyWeight"] * group_means(consistency(*blocks), groups, count).sum()
        if description["weightDecay"] > 0:
            loss = loss + description["weightDecay"] / 2 * sum(p.square().sum() for p in parameters)
        loss.backward()
        if maximum_norm is not None:
            nn.utils.clip_grad_norm_(parameters, maximum_norm)
        optimizer.step()
        return loss

    return step, [model]


def forward(row, layout):
    model = model_of(row, "classifier", layout).eval()
    images = images_of(row, "images", layout)
    labels = torch.from_numpy(row.batch["labels"]).to(DEVICE).long()

    def step():
        with torch.no_grad():
            return functional.cross_entropy(model(images), labels)

    return step, [model]


def cyclegan(row, layout):
    description = row.description
    to_target, to_source, judge_source, judge_target = (
        model_of(row, name, layout) for name in ("toTarget", "toSource", "source", "target")
    )
    generator_parameters = [*to_target.parameters(), *to_source.parameters()]
    discriminator_parameters = [*judge_source.parameters(), *judge_target.parameters()]
    betas = (0.5, 0.999)
    generator_optimizer = torch.optim.Adam(generator_parameters, description["generatorLearningRate"], betas, 1e-7)
    discriminator_optimizer = torch.optim.Adam(
        discriminator_parameters, description["discriminatorLearningRate"], betas, 1e-7
    )
    source, target = images_of(row, "source", layout), images_of(row, "target", layout)
    pools = {
        name: torch.zeros(description["poolSize"], *source.shape[1:], device=DEVICE).contiguous(memory_format=layout)
        for name in ("source", "target")
    }
    draws = {name: torch.from_numpy(value).to(DEVICE).long() for name, value in row.batch.items() if name.startswith("pools/")}
    cross_entropy = functional.binary_cross_entropy_with_logits
    cycle_weight, identity_weight = description["cycleWeight"], description["identityWeight"]

    def real(logits):
        return cross_entropy(logits, torch.ones_like(logits))

    def fake(logits):
        return cross_entropy(logits, torch.zeros_like(logits))

    def sample(name, images):
        everything = torch.cat([pools[name], images.detach()])
        pools[name] = everything[draws[f"pools/{name}/write"]]
        return everything[draws[f"pools/{name}/read"]]

    def step():
        generator_optimizer.zero_grad()
        for parameter in discriminator_parameters:
            parameter.requires_grad_(False)
        fake_target = to_target(source)
        cycled_source = to_source(fake_target)
        fake_source = to_source(target)
        cycled_target = to_target(fake_source)
        generator_loss = (
            real(judge_source(fake_source))
            + real(judge_target(fake_target))
            + cycle_weight * (functional.l1_loss(source, cycled_source) + functional.l1_loss(target, cycled_target))
            + identity_weight
            / 2
            * (functional.l1_loss(source, to_source(source)) + functional.l1_loss(target, to_target(target)))
        )
        generator_loss.backward()
        generator_optimizer.step()
        for parameter in discriminator_parameters:
            parameter.requires_grad_(True)
        discriminator_optimizer.zero_grad()
        source_sample, target_sample = sample("source", fake_source), sample("target", fake_target)
        discriminator_loss = 0.5 * (
            real(judge_source(source))
            + fake(judge_source(source_sample))
            + real(judge_target(target))
            + fake(judge_target(target_sample))
        )
        discriminator_loss.backward()
        discriminator_optimizer.step()
        return generator_loss + discriminator_loss

    return step, []


STEPS = {"robust": robust, "forward": forward, "cyclegan": cyclegan}
LAYOUTS = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}


def make(row, variant):
    build = STEPS[row.description["kind"]]

    def first_losses(count):
        step, models = build(row, LAYOUTS[variant])
        for model in models:
            for part in model.modules():
                if isinstance(part, nn.Dropout):
                    part.p = 0.0
        return [step().item() for _ in range(count)]

    step, _ = build(row, LAYOUTS[variant])
    return first_losses, lambda: step().item()


serve(torch.__version__, list(LAYOUTS), make)
