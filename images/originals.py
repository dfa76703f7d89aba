"""Times the Python originals, as measure.ts asks for it.

Each of the three generators below does the statements of one original, in its order
and with its matrices in between, but for the printing: that is left to `report`.

    originals.py                            the versions of what is installed
    originals.py iterations SIZE ...        an iteration with so many hidden units
    originals.py products                   the matrix products of lists, in orders of loops
    originals.py operations                 four operations on a million numbers
    originals.py memory                     the bytes of a matrix of 1000 x 100 numbers
    originals.py whole NAME STEPS           draws, trains and prints each loss; NAME is
                                            lists, numpy, torch or cuda
    originals.py losses NAME STEPS NETWORK  trains x, y, w1, w2 as JSON; prints the losses

All times are printed, a JSON object a line. It runs on Python 3.9 and later.
"""

import json
import math
import sys
from itertools import count

N, D_IN, H, D_OUT = 64, 1000, 100, 10


# Lists: the operations of the original, loop for loop.


def dot(a, b):
    if len(a[0]) != len(b):
        raise ValueError("Cannot multiply: the shapes do not fit")
    result = [[0] * len(b[0]) for _ in range(len(a))]
    for i in range(len(a)):
        for j in range(len(b[0])):
            for k in range(len(b)):
                result[i][j] += a[i][k] * b[k][j]
    return result


def dot_with_rows_held(a, b):
    """The same order, with the rows that stay looked up outside of the loops."""
    result = [[0] * len(b[0]) for _ in range(len(a))]
    for i in range(len(a)):
        a_row, result_row = a[i], result[i]
        for j in range(len(b[0])):
            total = 0
            for k in range(len(b)):
                total += a_row[k] * b[k][j]
            result_row[j] = total
    return result


def dot_swapped(a, b):
    """The order of loops of naive_neural_network.ts."""
    result = [[0] * len(b[0]) for _ in range(len(a))]
    for i in range(len(a)):
        a_row, result_row = a[i], result[i]
        for k in range(len(b)):
            factor = a_row[k]
            row = b[k]
            for j in range(len(row)):
                result_row[j] += factor * row[j]
    return result


def relu_in_place(a):
    for i in range(len(a)):
        for j in range(len(a[0])):
            a[i][j] = max(0, a[i][j])
    return a


def transposed(a):
    rows, columns = len(a), len(a[0])
    turned = [[a[i][j] for i in range(rows)] for j in range(columns)]
    return turned


def minus(a, b):
    if len(a) != len(b) or len(a[0]) != len(b[0]):
        raise ValueError("Cannot subtract: the shapes differ")
    return [[a[i][j] - b[i][j] for j in range(len(a[0]))] for i in range(len(a))]


def squared(a):
    return [[v**2 for v in row] for row in a]


def total(a):
    result = 0.0
    for row in a:
        for v in row:
            result += v
    return result


def scale_in_place(a, factor):
    for i in range(len(a)):
        for j in range(len(a[0])):
            a[i][j] *= factor
    return a


def copied(a):
    return [row[:] for row in a]


def draw_lists(hidden):
    from random import gauss

    def randn(rows, columns):
        return [[gauss(0, 1) for _ in range(columns)] for _ in range(rows)]

    return randn(N, D_IN), randn(N, D_OUT), randn(D_IN, hidden), randn(hidden, D_OUT)


def train_lists(network, learning_rate, report):
    x, y, w1, w2 = network
    for t in count():
        h = dot(x, w1)
        h_relu = relu_in_place(h)
        y_pred = dot(h_relu, w2)
        loss = total(squared(minus(y_pred, y)))
        report(t, loss)
        grad_y_pred = scale_in_place(minus(y_pred, y), 2.0)
        grad_w2 = dot(transposed(h_relu), grad_y_pred)
        grad_h_relu = dot(grad_y_pred, transposed(w2))
        grad_h = copied(grad_h_relu)
        grad_h = [
            [grad_h[i][j] if h_relu[i][j] >= 0 else 0.0 for j in range(len(w2))] for i in range(len(x))
        ]
        grad_w1 = dot(transposed(x), grad_h)
        grad_b2 = [0.0 for _ in range(len(w2[0]))]
        for i in range(len(x)):
            for j in range(len(w2[0])):
                grad_b2[j] += grad_y_pred[i][j]
        grad_b1 = [0.0 for _ in range(len(w2))]
        for i in range(len(x)):
            for j in range(len(w2)):
                grad_b1[j] += grad_h[i][j]
        w1 = minus(w1, scale_in_place(grad_w1, learning_rate))
        w2 = minus(w2, scale_in_place(grad_w2, learning_rate))
        yield


def draw_numpy(hidden):
    from numpy.random import randn

    return randn(N, D_IN), randn(N, D_OUT), randn(D_IN, hidden), randn(hidden, D_OUT)


def train_numpy(network, learning_rate, report):
    import numpy as np

    x, y, w1, w2 = map(np.array, network)
    for t in count():
        h = x.dot(w1)
        h_relu = np.maximum(h, 0)
        y_pred = h_relu.dot(w2)
        loss = np.square(y_pred - y).sum()
        report(t, loss)
        grad_y_pred = 2.0 * (y_pred - y)
        grad_w2 = h_relu.T.dot(grad_y_pred)
        grad_h_relu = grad_y_pred.dot(w2.T)
        grad_h = grad_h_relu.copy()
        grad_h[h < 0] = 0
        grad_w1 = x.T.dot(grad_h)
        w1 -= learning_rate * grad_w1
        w2 -= learning_rate * grad_w2
        yield


def draw_torch(hidden, device="cpu"):
    from torch import randn

    shapes = [(N, D_IN), (N, D_OUT), (D_IN, hidden), (hidden, D_OUT)]
    return [randn(*shape, device=device) for shape in shapes]


def train_torch(network, learning_rate, report):
    import torch

    x, y, w1, w2 = map(torch.as_tensor, network)
    for t in count():
        h = x.mm(w1)
        h_relu = h.clamp(min=0)
        y_pred = h_relu.mm(w2)
        loss = (y_pred - y).pow(2).sum()
        report(t, loss.item())
        grad_y_pred = 2.0 * (y_pred - y)
        grad_w2 = h_relu.t().mm(grad_y_pred)
        grad_h_relu = grad_y_pred.mm(w2.t())
        grad_h = grad_h_relu.clone()
        grad_h[h < 0] = 0
        grad_w1 = x.t().mm(grad_h)
        w1 -= learning_rate * grad_w1
        w2 -= learning_rate * grad_w2
        yield


ORIGINALS = {
    "lists": (draw_lists, train_lists),
    "numpy": (draw_numpy, train_numpy),
    "torch": (draw_torch, train_torch),
    "cuda": (lambda hidden: draw_torch(hidden, "cuda"), train_torch),
}

# The names are those of tests/products_bench.ts.
ORDERS = {
    "i, j, k": dot,
    "i, j, k, rows looked up once": dot_with_rows_held,
    "i, k, j, rows looked up once": dot_swapped,
}


def times_of(call):
    """What each of many calls takes, in milliseconds; after one to warm up."""
    from time import perf_counter

    call()
    times = []
    end = perf_counter() + 0.7
    while len(times) < 4 or perf_counter() < end:
        start = perf_counter()
        call()
        times.append(1000 * (perf_counter() - start))
    return times


def emit(name, of, times):
    print(json.dumps({"name": name, "of": of, "times": times}), flush=True)


def version_of(name):
    try:
        return __import__(name).__version__
    except ImportError:
        return None


def versions():
    found = {"NumPy": version_of("numpy"), "PyTorch": version_of("torch")}
    installed = {name: version for name, version in found.items() if version}
    return {"Python": sys.version.split()[0], **installed}


def measure_iterations(sizes):
    installed = versions()
    names = {"NumPy": "numpy"} if "NumPy" in installed else {}
    if "PyTorch" in installed:
        names["PyTorch"] = "torch"
        if __import__("torch").cuda.is_available():
            names["PyTorch on CUDA"] = "cuda"
    # Lists take seconds an iteration: they come last, and not with large layers.
    names["Python lists"] = "lists"
    for shown, name in names.items():
        draw, train = ORIGINALS[name]
        for hidden in sizes:
            if name != "lists" or hidden <= 400:
                training = train(draw(hidden), 1e-9, lambda t, loss: None)
                emit(shown, f"an iteration with {hidden} hidden units", times_of(lambda: next(training)))


def measure_products():
    x, y, w1, w2 = draw_lists(H)
    h = dot_swapped(x, w1)
    pairs = [(x, w1), (h, w2), (transposed(h), y), (y, transposed(w2)), (transposed(x), h)]
    for order, product in ORDERS.items():
        times = times_of(lambda: [product(a, b) for a, b in pairs])
        emit(f"Python lists, {order}", "the products of an iteration", times)


def list_operations(length):
    numbers = [i + 0.5 for i in range(length)]
    return {
        "creation": lambda: [i + 0.5 for i in range(length)],
        "squaring": lambda: [number * number for number in numbers],
        "sine": lambda: [math.sin(number) for number in numbers],
        "summation": lambda: sum(numbers),
    }


def numpy_operations(length):
    import numpy as np

    numbers = np.arange(0.5, length)
    return {
        "creation": lambda: np.arange(0.5, length),
        "squaring": lambda: np.square(numbers),
        "sine": lambda: np.sin(numbers),
        "summation": lambda: np.sum(numbers),
    }


def measure_operations():
    for name, operations in ("Python lists", list_operations), ("NumPy", numpy_operations):
        for operation, call in operations(1_000_000).items():
            emit(name, f"{operation} of a million numbers", times_of(call))


def memory():
    _, _, w1, _ = draw_lists(H)
    numbers = [number for row in w1 for number in row]
    lists = sum(map(sys.getsizeof, [w1, *w1, *numbers]))
    return {"Python lists": lists, "NumPy": draw_numpy(H)[2].nbytes}


def losses(name, steps, network):
    found = []
    training = ORIGINALS[name][1](network, 1e-3, lambda t, loss: found.append(float(loss)))
    for _ in range(steps):
        next(training)
    return found


def run(name, steps):
    draw, train = ORIGINALS[name]
    training = train(draw(H), 1e-6, lambda t, loss: print(f"Current Iteration: {t} - Loss Value: {loss}"))
    for _ in range(steps):
        next(training)


command, *args = sys.argv[1:] or ["versions"]
if command == "versions":
    print(json.dumps(versions()))
elif command == "iterations":
    measure_iterations([int(size) for size in args])
elif command == "products":
    measure_products()
elif command == "operations":
    measure_operations()
elif command == "memory":
    print(json.dumps(memory()))
elif command == "whole":
    run(args[0], int(args[1]))
elif command == "losses":
    print(json.dumps(losses(args[0], int(args[1]), json.loads(args[2]))))
