"""Times the Python originals, as measure.ts asks for it.

Each of the three generators below does the statements of one original, in its order
and with its matrices in between, but for the printing: that is left to `report`.

    originals.py HIDDEN...           an iteration with so many hidden units, and the
                                     matrix products of lists in two orders of loops
    originals.py --whole NAME STEPS  a whole script: draws, trains and prints each loss;
                                     NAME is lists, numpy, torch or cuda

The first form prints a JSON object a line: first the versions, then rows with `name`,
`ms` (a median, in milliseconds), and `hidden` or `order`.
"""

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


def train_lists(hidden, learning_rate, report):
    from random import gauss

    x = [[gauss(0, 1) for _ in range(D_IN)] for _ in range(N)]
    y = [[gauss(0, 1) for _ in range(D_OUT)] for _ in range(N)]
    w1 = [[gauss(0, 1) for _ in range(hidden)] for _ in range(D_IN)]
    w2 = [[gauss(0, 1) for _ in range(D_OUT)] for _ in range(hidden)]
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
            [grad_h[i][j] if h_relu[i][j] >= 0 else 0.0 for j in range(hidden)] for i in range(N)
        ]
        grad_w1 = dot(transposed(x), grad_h)
        grad_b2 = [0.0 for _ in range(D_OUT)]
        for i in range(N):
            for j in range(D_OUT):
                grad_b2[j] += grad_y_pred[i][j]
        grad_b1 = [0.0 for _ in range(hidden)]
        for i in range(N):
            for j in range(hidden):
                grad_b1[j] += grad_h[i][j]
        w1 = minus(w1, scale_in_place(grad_w1, learning_rate))
        w2 = minus(w2, scale_in_place(grad_w2, learning_rate))
        yield


def train_numpy(hidden, learning_rate, report):
    import numpy as np

    x, y = np.random.randn(N, D_IN), np.random.randn(N, D_OUT)
    w1, w2 = np.random.randn(D_IN, hidden), np.random.randn(hidden, D_OUT)
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


def train_torch(hidden, learning_rate, report, name="cpu"):
    import torch

    device = torch.device(name)
    x, y = torch.randn(N, D_IN, device=device), torch.randn(N, D_OUT, device=device)
    w1 = torch.randn(D_IN, hidden, device=device)
    w2 = torch.randn(hidden, D_OUT, device=device)
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


def train_cuda(hidden, learning_rate, report):
    return train_torch(hidden, learning_rate, report, "cuda")


TRAININGS = {"lists": train_lists, "numpy": train_numpy, "torch": train_torch, "cuda": train_cuda}


def run_whole(name, steps):
    def report(t, loss):
        print(f"Current Iteration: {t} - Loss Value: {loss}")

    training = TRAININGS[name](H, 1e-6, report)
    for _ in range(steps):
        next(training)


def median_time(call):
    """The median time of a call in milliseconds, after one to warm up."""
    from statistics import median
    from time import perf_counter

    call()
    times = []
    end = perf_counter() + 0.7
    while not times or perf_counter() < end:
        start = perf_counter()
        call()
        times.append(1000 * (perf_counter() - start))
    return median(times)


def version_of(name):
    try:
        return __import__(name).__version__
    except ImportError:
        return None


def measure_loops(emit):
    from random import gauss

    def randn(rows, columns):
        return [[gauss(0, 1) for _ in range(columns)] for _ in range(rows)]

    x, y, w1, w2 = randn(N, D_IN), randn(N, D_OUT), randn(D_IN, H), randn(H, D_OUT)
    h = dot_swapped(x, w1)
    pairs = [(x, w1), (h, w2), (transposed(h), y), (y, transposed(w2)), (transposed(x), h)]
    # The names are those of loop_orders.ts.
    orders = {
        "i, j, k, as in the original": dot,
        "i, j, k, rows looked up once": dot_with_rows_held,
        "i, k, j, rows looked up once, as here": dot_swapped,
    }
    for order, product in orders.items():
        ms = median_time(lambda: [product(a, b) for a, b in pairs])
        emit(name="Python lists", order=order, ms=ms)


def measure(sizes):
    import json

    def emit(**row):
        print(json.dumps(row), flush=True)

    versions = {name: version_of(name) for name in ("numpy", "torch")}
    emit(python=sys.version.split()[0], **versions)
    names = {"NumPy": "numpy"} if versions["numpy"] else {}
    if versions["torch"]:
        names["PyTorch"] = "torch"
        if __import__("torch").cuda.is_available():
            names["PyTorch on CUDA"] = "cuda"
    # Lists take seconds an iteration: they come last, and not with large layers.
    names["Python lists"] = "lists"
    for shown, name in names.items():
        for hidden in sizes:
            if name != "lists" or hidden <= 400:
                training = TRAININGS[name](hidden, 1e-9, lambda t, loss: None)
                ms = median_time(lambda: next(training))
                emit(name=shown, hidden=hidden, ms=ms)
    measure_loops(emit)


if sys.argv[1:2] == ["--whole"]:
    run_whole(sys.argv[2], int(sys.argv[3]))
else:
    measure([int(size) for size in sys.argv[1:]])
