"""Times an iteration of the Python originals, as measure.ts asks for it.

Each function below does what the loop of one original does, but for printing and
its slips, and yields after each iteration. Takes the hidden sizes as arguments;
prints a JSON object a line: versions first, then {"name", "hidden", "ms"} with the
median of the times in milliseconds.
"""

import json
import random
import sys
import time
from statistics import median

N, D_IN, D_OUT = 64, 1000, 10
RATE = 1e-9


def with_lists(hidden):
    def randn(rows, columns):
        return [[random.gauss(0, 1) for _ in range(columns)] for _ in range(rows)]

    def dot(a, b):
        out = [[0.0] * len(b[0]) for _ in a]
        for i in range(len(a)):
            for j in range(len(b[0])):
                for k in range(len(b)):
                    out[i][j] += a[i][k] * b[k][j]
        return out

    def turned(a):
        return [[row[j] for row in a] for j in range(len(a[0]))]

    def moved(a, factor, b):
        return [[p + factor * q for p, q in zip(*rows)] for rows in zip(a, b)]

    x, y, w1, w2 = randn(N, D_IN), randn(N, D_OUT), randn(D_IN, hidden), randn(hidden, D_OUT)
    while True:
        h = dot(x, w1)
        open_h = [[max(0, v) for v in row] for row in h]
        error = moved(dot(open_h, w2), -1, y)
        sum(v * v for row in error for v in row)
        grad = [[2.0 * v for v in row] for row in error]
        grad_w2 = dot(turned(open_h), grad)
        back = dot(grad, turned(w2))
        grad_h = [[g if v >= 0 else 0.0 for g, v in zip(*rows)] for rows in zip(back, h)]
        w1 = moved(w1, -RATE, dot(turned(x), grad_h))
        w2 = moved(w2, -RATE, grad_w2)
        yield


def with_numpy(hidden):
    shapes = [(N, D_IN), (N, D_OUT), (D_IN, hidden), (hidden, D_OUT)]
    x, y, w1, w2 = (numpy.random.randn(*shape) for shape in shapes)
    while True:
        h = x.dot(w1)
        open_h = numpy.maximum(h, 0)
        y_pred = open_h.dot(w2)
        numpy.square(y_pred - y).sum()
        grad = 2.0 * (y_pred - y)
        grad_w2 = open_h.T.dot(grad)
        grad_h = grad.dot(w2.T).copy()
        grad_h[h < 0] = 0
        w1 -= RATE * x.T.dot(grad_h)
        w2 -= RATE * grad_w2
        yield


def with_torch(hidden, device):
    shapes = [(N, D_IN), (N, D_OUT), (D_IN, hidden), (hidden, D_OUT)]
    x, y, w1, w2 = (torch.randn(*shape, device=device) for shape in shapes)
    while True:
        h = x.mm(w1)
        open_h = h.clamp(min=0)
        y_pred = open_h.mm(w2)
        (y_pred - y).pow(2).sum().item()
        grad = 2.0 * (y_pred - y)
        grad_w2 = open_h.t().mm(grad)
        grad_h = grad.mm(w2.t()).clone()
        grad_h[h < 0] = 0
        w1 -= RATE * x.t().mm(grad_h)
        w2 -= RATE * grad_w2
        yield


def timed(training):
    next(training)
    times = []
    end = time.perf_counter() + 0.7
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        next(training)
        times.append(1000 * (time.perf_counter() - start))
    return median(times)


def version_of(name):
    try:
        globals()[name] = __import__(name)
        return globals()[name].__version__
    except ImportError:
        return None


versions = {"python": sys.version.split()[0]}
versions.update({name: version_of(name) for name in ("numpy", "torch")})
print(json.dumps(versions), flush=True)

networks = {}
if versions["numpy"]:
    networks["NumPy"] = with_numpy
if versions["torch"]:
    networks["PyTorch"] = lambda hidden: with_torch(hidden, "cpu")
    if torch.cuda.is_available():
        networks["PyTorch on CUDA"] = lambda hidden: with_torch(hidden, "cuda")
# Lists take seconds an iteration: they come last, and not with large layers.
networks["Python lists"] = with_lists

for name, network in networks.items():
    for hidden in map(int, sys.argv[1:]):
        if name != "Python lists" or hidden <= 400:
            row = {"name": name, "hidden": hidden, "ms": timed(network(hidden))}
            print(json.dumps(row), flush=True)
