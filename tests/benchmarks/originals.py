"""Runs the Python originals: prints their times, and records NumPy's losses.

`deno task originals` fetches the originals into .originals, and runs this with Python 3.9 or later,
NumPy and PyTorch.
"""

import json
import math
from pathlib import Path
from time import perf_counter

import numpy as np

ROOT = Path(__file__).parents[2]
SIZES = (64, 1000, 100, 10)


def run(name, steps, sizes=SIZES, rate=1e-6):
    """Gives the losses that an original prints, when it printed them, and its variables."""
    code = (ROOT / f".originals/src/{name}_neural_network.py").read_text()
    code = code.replace("64, 1000, 100, 10", ", ".join(map(str, sizes)))
    code = code.replace("range(500)", f"range({steps})")
    code = code.replace("learning_rate = 1e-6", f"learning_rate = {rate}")
    code = code.replace("device('cuda')", "device('cpu')")
    losses = []
    seconds = []

    def report(line):
        losses.append(float(line.split()[-1]))
        seconds.append(perf_counter())

    variables = {"print": report}
    exec(compile(code, name, "exec"), variables)
    return losses, seconds, variables


def show(what, durations):
    print(f"{what}: {1000 * min(durations):.3g} ms")


def measure(what, call, times):
    """Prints the shortest time that a call takes."""
    durations = []
    for _ in range(times):
        start = perf_counter()
        call()
        durations.append(perf_counter() - start)
    show(what, durations)


def time_iterations():
    for name, steps in {"naive": 5, "numpy": 500, "pytorch": 500}.items():
        _, seconds, _ = run(name, steps)
        show(f"an iteration, {name}", np.diff(seconds))


def time_products(name, variables, multiply, transpose, times):
    """Times the five products of an iteration, with the variables of an original."""

    def products():
        multiply(variables["x"], variables["w1"])
        multiply(variables["h_relu"], variables["w2"])
        multiply(transpose(variables["h_relu"]), variables["grad_y_pred"])
        multiply(variables["grad_y_pred"], transpose(variables["w2"]))
        multiply(transpose(variables["x"]), variables["grad_h"])

    measure(f"the five products, {name}", products, times)


def time_all_products():
    _, _, naive = run("naive", 1)
    time_products("lists", naive, naive["matrix_multiply"], naive["transpose"], times=3)
    _, _, numpy = run("numpy", 1)
    time_products("NumPy", numpy, np.dot, np.transpose, times=500)


def time_operations():
    """Times the four operations of operations_bench.ts."""
    length = 1_000_000
    numbers = [i + 0.5 for i in range(length)]
    array = np.array(numbers)
    calls = {
        "creation, lists": lambda: [i + 0.5 for i in range(length)],
        "creation, NumPy": lambda: np.arange(0.5, length),
        "squaring, lists": lambda: [number * number for number in numbers],
        "squaring, NumPy": lambda: np.square(array),
        "sine, lists": lambda: [math.sin(number) for number in numbers],
        "sine, NumPy": lambda: np.sin(array),
        "summation, lists": lambda: sum(numbers),
        "summation, NumPy": lambda: np.sum(array),
    }
    for what, call in calls.items():
        measure(f"a million numbers, {what}", call, 20)


def record(seed, sizes, steps, rate):
    """Writes the losses of the NumPy original, seeded, to tests/numpy_losses."""
    np.random.seed(seed)
    losses, _, _ = run("numpy", steps, sizes, rate)
    recorded = {"seed": seed, "dims": sizes, "learningRate": rate, "numpy": losses}
    file = ROOT / f"tests/numpy_losses/seed{seed}_{'x'.join(map(str, sizes))}.json"
    file.write_text(json.dumps(recorded) + "\n")


time_iterations()
time_all_products()
time_operations()
record(0, SIZES, 500, 1e-6)
record(42, SIZES, 500, 1e-6)
record(11, (3, 5, 4, 2), 200, 1e-3)
