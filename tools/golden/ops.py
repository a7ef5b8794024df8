"""Golden values of every op, from PyTorch: writes ops.json beside this file. Run: python3 ops.py (torch 2.13).

A case: {"op", "case", "inputs": [{"shape", "data", "dtype"?} | null], "attributes", "outputs": [{...} | null]} and, where
the op has a gradient, "seed" (the gradient of the first output) and "gradients" (one for each input, or null).
null in "data" is NaN; a null output is not compared. All is computed in float64 from inputs of three decimals, so that the
float64 reference can be held to the 9 digits that are written and float32 engines to what float32 gives.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
CASES = []


def random(*shape):
    """Normal numbers of three decimals."""
    return torch.round(torch.randn(shape) * 1000) / 1000


def positive(*shape):
    return torch.round((torch.rand(shape) + 0.5) * 1000) / 1000


def number(value):
    value = float(value)
    if math.isnan(value):
        return None
    short = float(f"{value:.9g}")
    return int(short) if short == int(short) else short


def tensor(x):
    if x is None:
        return None
    entry = {"shape": list(x.shape), "data": [number(v) for v in x.detach().flatten().tolist()]}
    if x.dtype == torch.int32:
        entry["dtype"] = "int32"
    return entry


def case(op, label, function, inputs, attributes=None, gradient=True, constants=()):
    """Adds a case; `function` maps inputs to outputs, inputs whose index is in `constants` get no gradient."""
    inputs = [x.clone() if x is not None else None for x in inputs]
    entry = {"op": op, "case": label, "inputs": [tensor(x) for x in inputs], "attributes": attributes or {}}
    wanted = [
        i for i, x in enumerate(inputs) if gradient and x is not None and x.is_floating_point() and i not in constants
    ]
    for i in wanted:
        inputs[i].requires_grad_()
    outputs = function(*inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    entry["outputs"] = [tensor(y) for y in outputs]
    if gradient:
        seed = random(*outputs[0].shape)
        found = torch.autograd.grad(outputs[0], [inputs[i] for i in wanted], seed)
        gradients = dict(zip(wanted, found))
        entry["seed"] = tensor(seed)
        entry["gradients"] = [tensor(gradients.get(i)) for i in range(len(inputs))]
    CASES.append(entry)


def convolutions():
    def check(label, x, weight, bias=False, **attributes):
        b = random(weight[0]) if bias else None
        case("conv2d", label, lambda x, w, b: F.conv2d(x, w, b, **attributes), [random(*x), random(*weight), b], attributes)

    check("3x3, padding, bias", (2, 3, 5, 4), (4, 3, 3, 3), bias=True, padding=[1, 1])
    check("no padding", (1, 2, 4, 5), (3, 2, 3, 3))
    check("stride 2 over an even image", (1, 2, 6, 6), (2, 2, 3, 3), stride=[2, 2], padding=[1, 1])
    check("stride that leaves pixels unread", (1, 2, 6, 7), (2, 2, 2, 2), stride=[3, 3])
    check("dilation", (1, 2, 7, 7), (2, 2, 3, 3), dilation=[2, 2], padding=[1, 1])
    check("groups", (2, 4, 4, 4), (6, 2, 3, 3), bias=True, groups=2, padding=[1, 1])
    check("depthwise", (2, 4, 5, 5), (4, 1, 3, 3), groups=4, padding=[1, 1])
    check("depthwise, stride 2, 5x5", (1, 3, 7, 7), (3, 1, 5, 5), groups=3, stride=[2, 2], padding=[2, 2])
    check("depthwise, two outputs a channel", (1, 3, 4, 4), (6, 1, 3, 3), groups=3, padding=[1, 1])
    check("1x1", (2, 5, 3, 3), (4, 5, 1, 1), bias=True)
    check("1x1, stride 2", (1, 3, 5, 6), (4, 3, 1, 1), stride=[2, 2])
    check("1x7", (1, 2, 4, 8), (2, 2, 1, 7), padding=[0, 3])
    check("7x1", (1, 2, 8, 4), (2, 2, 7, 1), padding=[3, 0])
    check("stem 7x7, stride 2", (1, 3, 12, 12), (2, 3, 7, 7), stride=[2, 2], padding=[3, 3])
    check("kernel as large as the image", (2, 2, 3, 4), (3, 2, 3, 4), bias=True)
    check(
        "everything at once",
        (2, 4, 7, 8),
        (4, 2, 3, 2),
        bias=True,
        stride=[2, 1],
        padding=[1, 2],
        dilation=[1, 3],
        groups=2,
    )


def matrices():
    case("linear", "bias", lambda x, w, b: F.linear(x, w, b), [random(3, 5), random(4, 5), random(4)])
    case("linear", "no bias", lambda x, w, b: F.linear(x, w, b), [random(2, 3), random(5, 3), None])
    for a, b in [(False, False), (True, False), (False, True), (True, True)]:
        case(
            "matmul",
            f"transposeA {a}, transposeB {b}",
            lambda x, y: (x.T if a else x) @ (y.T if b else y),
            [random(*((4, 3) if a else (3, 4))), random(*((5, 4) if b else (4, 5)))],
            {"transposeA": a, "transposeB": b},
        )


def activations():
    edges = torch.tensor([-8.0, -6, -4, -3, -2.5, -1, -0.125, 0, 0.125, 1, 2.5, 3, 4, 6, 8])
    functions = {
        "relu": F.relu,
        "relu6": F.relu6,
        "sigmoid": torch.sigmoid,
        "silu": F.silu,
        "hardSwish": F.hardswish,
        "hardSigmoid": F.hardsigmoid,
    }
    for name, function in functions.items():
        case(name, "edges", function, [edges])
        case(name, "4 dimensions", function, [random(2, 3, 2, 2) * 3])
    case("sigmoid", "saturated", torch.sigmoid, [torch.tensor([-80.0, -30, 30, 80])])
    case("silu", "saturated", F.silu, [torch.tensor([-80.0, -30, 30, 80])])


def batch_norms():
    def training(epsilon, momentum):
        def function(x, weight, bias, mean, variance):
            mean, variance = mean.clone(), variance.clone()
            y, saved_mean, inv_std = torch.native_batch_norm(x, weight, bias, mean, variance, True, momentum, epsilon)
            return y, saved_mean, inv_std, mean, variance

        return function

    def inference(epsilon):
        return lambda x, weight, bias, mean, variance: F.batch_norm(x, mean, variance, weight, bias, False, 0, epsilon)

    for label, shape, epsilon, momentum in [
        ("4 dimensions", (3, 4, 2, 3), 1e-5, 0.1),
        ("2 dimensions", (5, 3), 1e-5, 0.1),
        ("one image", (1, 2, 3, 3), 1e-3, 0.1),
        ("other momentum", (2, 2, 2, 2), 1e-3, 0.3),
    ]:
        c = shape[1]
        vectors = [random(c), random(c), random(c), positive(c)]
        inputs = [random(*shape) * 2 + 1, *vectors]
        attributes = {"epsilon": epsilon, "momentum": momentum}
        case("batchNormTraining", label, training(epsilon, momentum), inputs, attributes, constants=(3, 4))
        case("batchNormInference", label, inference(epsilon), inputs, {"epsilon": epsilon}, constants=(3, 4))
    constant = [torch.full((2, 2, 2, 2), 0.5), random(2), random(2), random(2), positive(2)]
    case("batchNormTraining", "constant image", training(1e-5, 0.1), constant, constants=(3, 4))


def maximum_pools():
    def check(label, x, gradient=True, **attributes):
        names = {"kernel": "kernel_size", "ceilMode": "ceil_mode"}
        options = {names.get(key, key): value for key, value in attributes.items()}
        case("maxPool", label, lambda x: (F.max_pool2d(x, **options), None), [x], attributes, gradient)

    check("2/2", random(2, 2, 4, 6), kernel=[2, 2], stride=[2, 2])
    check("2/2 over an odd image", random(1, 2, 5, 5), kernel=[2, 2], stride=[2, 2])
    check("3/2, padding", random(1, 2, 6, 7), kernel=[3, 3], stride=[2, 2], padding=[1, 1])
    check("3/2, no padding", random(1, 2, 7, 7), kernel=[3, 3], stride=[2, 2])
    check("3/2, ceil", random(1, 2, 6, 6), kernel=[3, 3], stride=[2, 2], ceilMode=True)
    check("ceil, last window would start in the padding", random(1, 1, 5, 5), kernel=[2, 2], stride=[3, 3], padding=[1, 1], ceilMode=True)
    check("3/1, padding", random(1, 2, 4, 5), kernel=[3, 3], stride=[1, 1], padding=[1, 1])
    check("asymmetric", random(1, 2, 5, 7), kernel=[2, 3], stride=[1, 2], padding=[1, 0])
    check("dilation", random(1, 2, 7, 8), kernel=[3, 2], stride=[2, 1], padding=[1, 0], dilation=[2, 3])
    check("overlapping ties", torch.full((1, 2, 5, 5), 0.25), kernel=[3, 3], stride=[2, 2], padding=[1, 1])
    check("overlapping ties, ceil", torch.zeros(1, 1, 6, 6), kernel=[3, 3], stride=[2, 2], ceilMode=True)
    check("ties of rectified values", F.relu(random(1, 2, 8, 8)), kernel=[2, 2], stride=[2, 2])
    check("partial ties", torch.round(random(2, 1, 6, 6)), kernel=[3, 3], stride=[1, 1], padding=[1, 1])
    check("all negative, padding", -positive(1, 2, 4, 4), kernel=[3, 3], stride=[2, 2], padding=[1, 1])
    x = random(1, 1, 4, 6)
    x[0, 0, 1, 1] = math.nan
    check("NaN wins", x, gradient=False, kernel=[2, 2], stride=[2, 2])


def average_pools():
    def check(label, x, **attributes):
        names = {"kernel": "kernel_size", "ceilMode": "ceil_mode", "countIncludePad": "count_include_pad"}
        options = {names.get(key, key): value for key, value in attributes.items()}
        case("averagePool", label, lambda x: F.avg_pool2d(x, **options), [x], attributes)

    for include in [True, False]:
        suffix = "padding counts" if include else "padding does not count"
        both = {"countIncludePad": include}
        check(f"3/1, padding, {suffix}", random(1, 2, 4, 5), kernel=[3, 3], stride=[1, 1], padding=[1, 1], **both)
        check(f"3/2, padding, ceil, {suffix}", random(1, 2, 6, 6), kernel=[3, 3], stride=[2, 2], padding=[1, 1], ceilMode=True, **both)
        check(f"2/2, ceil, {suffix}", random(1, 1, 5, 7), kernel=[2, 2], stride=[2, 2], ceilMode=True, **both)
        check(f"2/3, padding, ceil, {suffix}", random(1, 1, 5, 5), kernel=[2, 2], stride=[3, 3], padding=[1, 1], ceilMode=True, **both)
        check(f"asymmetric, {suffix}", random(1, 2, 5, 6), kernel=[3, 2], stride=[2, 1], padding=[1, 0], **both)
    check("2/2", random(2, 2, 4, 6), kernel=[2, 2], stride=[2, 2])
    check("5/3", random(1, 2, 8, 8), kernel=[5, 5], stride=[3, 3])
    for size, output in [((7, 7), [3, 3]), ((6, 6), [6, 6]), ((5, 4), [1, 1]), ((2, 3), [4, 7]), ((13, 13), [6, 6]), ((6, 8), [3, 4]), ((7, 5), [1, 5])]:
        label = f"{size} to {output}"
        case("adaptiveAveragePool", label, lambda x: F.adaptive_avg_pool2d(x, output), [random(1, 2, *size)], {"outputSize": output})


def shaping():
    x = random(2, 3, 4)
    for shape in [[6, 4], [2, -1], [-1], [1, 2, 12, 1]]:
        case("reshape", f"{shape}", lambda x: x.reshape(shape), [x], {"shape": shape})
    case("reshape", "to a scalar", lambda x: x.reshape([]), [random(1, 1)], {"shape": []})
    for permutation in [[0, 2, 1], [2, 0, 1], [1, 2, 0], [2, 1, 0]]:
        case("transpose", f"{permutation}", lambda x: x.permute(permutation), [x], {"permutation": permutation})
    case("transpose", "[0, 2, 3, 1]", lambda x: x.permute(0, 2, 3, 1), [random(2, 3, 2, 3)], {"permutation": [0, 2, 3, 1]})
    for axis, shapes in [(1, [(2, 3, 2, 2), (2, 1, 2, 2), (2, 2, 2, 2)]), (0, [(1, 3), (2, 3)]), (2, [(1, 2, 1), (1, 2, 4)]), (1, [(2, 3)])]:
        xs = [random(*shape) for shape in shapes]
        case("concat", f"axis {axis}, {len(xs)} operands", lambda *xs: torch.cat(xs, axis), xs, {"axis": axis})
    for axis, start, end in [(0, 0, 1), (0, 1, 2), (1, 1, 3), (2, 0, 4), (2, 1, 3)]:
        attributes = {"axis": axis, "start": start, "end": end}
        case("slice", f"{attributes}", lambda x: x.narrow(axis, start, end - start), [x], attributes)
    for axis, before, after in [(0, 1, 0), (1, 0, 2), (2, 2, 1), (1, 0, 0)]:
        attributes = {"axis": axis, "before": before, "after": after}
        widths = [0, 0] * (2 - axis) + [before, after]
        case("pad", f"{attributes}", lambda x: F.pad(x, widths), [x], attributes)


def arithmetic():
    broadcasts = [((2, 3), (2, 3)), ((2, 3, 2, 2), (3, 1, 1)), ((2, 1, 3), (4, 1)), ((2, 3), ()), ((), (2, 2)), ((1, 3), (2, 1)), ((), ())]
    functions = {"add": torch.add, "multiply": torch.mul, "subtract": torch.sub}
    for a, b in broadcasts:
        for name, function in functions.items():
            case(name, f"{list(a)} and {list(b)}", function, [random(*a), random(*b)])
    case("add", "one operand", lambda x: x.clone(), [random(2, 3)])
    case("add", "four operands", lambda a, b, c, d: a + b + c + d, [random(2, 3), random(3), random(2, 1), random(2, 3)])
    case("scale", "factor -2.5", lambda x: x * -2.5, [random(2, 3)], {"factor": -2.5})
    case("scale", "factor 0", lambda x: x * 0, [random(4)], {"factor": 0})
    x = random(2, 3, 2, 2)
    for name, function in {"sum": torch.sum, "mean": torch.mean}.items():
        for axes in [[0, 2, 3], [2, 3], [1], [3, 0], [0, 1, 2, 3]]:
            for keep in [False, True]:
                attributes = {"axes": axes, "keepDims": keep}
                case(name, f"{attributes}", lambda x: function(x, axes, keepdim=keep), [x], attributes)
    for source, target in [((3, 1, 1), [2, 3, 2, 2]), ((), [2, 3]), ((2, 1), [2, 4]), ((2, 3), [2, 3]), ((1, 3), [1, 2, 3])]:
        case("broadcastTo", f"{list(source)} to {target}", lambda x: x.expand(target), [random(*source)], {"shape": target})
    for shape in [(2, 3, 2, 2), (4, 3), (2, 3, 5)]:
        view = [-1] + [1] * (len(shape) - 2)
        function = lambda x, scale, shift: x * scale.view(view) + shift.view(view)
        case("channelAffine", f"{list(shape)}", function, [random(*shape), random(3), random(3)])


def losses():
    x = random(4, 5)
    large = torch.tensor([[1000.0, 0, -1000], [-1000, -1000, -1000]])
    for label, logits in [("normal", x), ("large", large), ("one class", random(3, 1))]:
        case("softmax", label, lambda x: F.softmax(x, 1), [logits])
        case("logSoftmax", label, lambda x: F.log_softmax(x, 1), [logits])
    labels = torch.tensor([3, 0, 4, 3], dtype=torch.int32)
    weights = positive(5)
    for smoothing in [0, 0.1, 1]:
        for weight in [None, weights]:
            case(
                "softmaxCrossEntropy",
                f"smoothing {smoothing}, {'weights' if weight is not None else 'no weights'}",
                lambda x, y, w: (F.cross_entropy(x, y.long(), w, label_smoothing=smoothing), F.log_softmax(x, 1)),
                [x, labels, weight],
                {"labelSmoothing": smoothing},
                constants=(2,),
            )
    case(
        "softmaxCrossEntropy",
        "large logits",
        lambda x, y, w: (F.cross_entropy(x, y.long(), w), F.log_softmax(x, 1)),
        [large, torch.tensor([2, 1], dtype=torch.int32), None],
    )
    for weight in [None, weights]:
        case(
            "negativeLogLikelihood",
            "weights" if weight is not None else "no weights",
            lambda x, y, w: F.nll_loss(x, y.long(), w),
            [F.log_softmax(x, 1).round(decimals=3), labels, weight],
            constants=(2,),
        )


def philox(counter, key):
    """Philox4x32-10 (Salmon et al. 2011), written apart from the one in src/."""
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def dropout_masks():
    # known answers of the Random123 distribution (kat_vectors)
    assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert philox([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]

    def mask(key, shape, rate, layer):
        low, high, step, epoch = [word & 0xFFFFFFFF for word in key]
        size = math.prod(shape)
        words = [word for block in range((size + 3) // 4) for word in philox([block, step, epoch, layer], [low, high])]
        return torch.tensor([0.0 if word < rate * 2**32 else 1 / (1 - rate) for word in words[:size]]).reshape(shape)

    for key, shape, rate, layer in [
        ([0, 0, 0, 0], [3, 5], 0.5, 0),
        ([-1, 7, 123456, 3], [2, 2, 3, 1], 0.2, 4),
        ([42, -5, 1, 0], [33], 0.5, 1),
        ([1, 2, 3, 4], [2, 3], 0, 2),
        ([1, 2, 3, 4], [2, 3], 1, 2),
    ]:
        attributes = {"shape": shape, "rate": rate, "layer": layer}
        keys = torch.tensor(key, dtype=torch.int32)
        case("dropoutMask", f"{attributes}", lambda key: mask(key.tolist(), shape, rate, layer), [keys], attributes, gradient=False)


STEPS = 3


def sgd():
    def check(label, momentum=0.0, dampening=0.0, nesterov=False, weight_decay=0.0):
        parameter = random(2, 3).requires_grad_()
        optimizer = torch.optim.SGD([parameter], 0.1, momentum, dampening, weight_decay, nesterov)
        for step in range(STEPS):
            before = parameter.detach().clone()
            parameter.grad = random(2, 3)
            old = optimizer.state[parameter].get("momentum_buffer")
            old = None if momentum == 0 else torch.zeros(2, 3) if old is None else old.clone()
            optimizer.step()
            new = parameter.grad + weight_decay * before if momentum == 0 else optimizer.state[parameter]["momentum_buffer"]
            result = (parameter.detach().clone(), new.clone())
            scalars = [torch.tensor(0.1), torch.tensor(1.0 if step == 0 else 1 - dampening)]
            attributes = {"momentum": momentum, "nesterov": nesterov, "weightDecay": weight_decay}
            inputs = [before, parameter.grad, old, *scalars]
            case("sgdStep", f"{label}, step {step + 1}", lambda *_: result, inputs, attributes, gradient=False)

    check("plain")
    check("weight decay", weight_decay=0.01)
    check("momentum", momentum=0.9)
    check("momentum, dampening, weight decay", momentum=0.9, dampening=0.3, weight_decay=0.05)
    check("nesterov, weight decay", momentum=0.8, nesterov=True, weight_decay=0.01)


def adam():
    def check(label, optimizer_class, rate=0.01, betas=(0.9, 0.999), epsilon=1e-8, weight_decay=0.0):
        parameter = random(2, 3).requires_grad_()
        optimizer = optimizer_class([parameter], rate, betas, epsilon, weight_decay)
        moments = [torch.zeros(2, 3), torch.zeros(2, 3)]
        for step in range(1, STEPS + 1):
            before = parameter.detach().clone()
            parameter.grad = random(2, 3)
            optimizer.step()
            state = optimizer.state[parameter]
            new = [state["exp_avg"].clone(), state["exp_avg_sq"].clone()]
            result = (parameter.detach().clone(), *new)
            corrections = [torch.tensor(1 - betas[0] ** step), torch.tensor(math.sqrt(1 - betas[1] ** step))]
            inputs = [before, parameter.grad, *moments, torch.tensor(rate), *corrections]
            attributes = {
                "beta1": betas[0],
                "beta2": betas[1],
                "epsilon": epsilon,
                "weightDecay": weight_decay,
                "decoupled": optimizer_class is torch.optim.AdamW,
            }
            case("adamStep", f"{label}, step {step}", lambda *_: result, inputs, attributes, gradient=False)
            moments = new

    check("Adam", torch.optim.Adam)
    check("Adam, weight decay", torch.optim.Adam, weight_decay=0.1)
    check("Adam, other betas and epsilon", torch.optim.Adam, rate=0.1, betas=(0.8, 0.95), epsilon=1e-3)
    check("AdamW", torch.optim.AdamW, weight_decay=0.1)


def clipping():
    """The factor of torch.nn.utils.clip_grad_norm_, seen on a gradient of one number."""
    for total in [0.0, 0.25, 2.25, 40.0]:
        parameter = torch.nn.Parameter(torch.zeros(2))
        parameter.grad = torch.tensor([math.sqrt(total), 0.0])
        torch.nn.utils.clip_grad_norm_([parameter], 1.5)
        factor = torch.tensor(parameter.grad[0].item() / math.sqrt(total) if total else 1.0)
        case("clipFactor", f"of {total}", lambda *_: factor, [torch.tensor(total)], {"maximum": 1.5}, gradient=False)


for family in [convolutions, matrices, activations, batch_norms, maximum_pools, average_pools, shaping, arithmetic, losses, dropout_masks, sgd, adam, clipping]:
    family()
lines = ",\n".join(json.dumps(entry, separators=(",", ":"), allow_nan=False) for entry in CASES)
pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
