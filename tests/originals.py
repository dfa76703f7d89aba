"""Runs the Python originals, which `deno task originals` fetches into .originals.

    originals.py versions               the versions of Python, NumPy and PyTorch
    originals.py iteration NAME HIDDEN  when an original began, and when each iteration ended
    originals.py operations             four operations on a million numbers
    originals.py memory                 the bytes of a matrix of 1000 x 100 numbers
    originals.py losses                 records tests/numpy_losses

NAME is "Python lists", "NumPy", "PyTorch" or "PyTorch on CUDA". All times are in
milliseconds. It runs on Python 3.9 and later.
"""

import json
import math
import sys
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parent.parent
SIZES = (64, 1000, 100, 10)


def run(name, report, steps, sizes=SIZES, rate="1e-6"):
    """Runs an original, which hands each line to `report` in place of `print`.

    Returns all variables and functions of the original.
    """
    file = {"Python lists": "naive", "NumPy": "numpy"}.get(name, "pytorch")
    code = (ROOT / f".originals/src/{file}_neural_network.py").read_text()
    replacements = {
        "64, 1000, 100, 10": ", ".join(map(str, sizes)),
        "range(500)": f"range({steps})",
        "learning_rate = 1e-6": f"learning_rate = {rate}",
    }
    if file == "pytorch":
        replacements["device('cuda')"] = f"device('{'cuda' if 'CUDA' in name else 'cpu'}')"
    for original, changed in replacements.items():
        if code.count(original) == 0:
            sys.exit(f"Cannot run {name}: the original has no {original}")
        code = code.replace(original, changed)
    variables = {"print": report}
    exec(compile(code, file, "exec"), variables)
    return variables


class Enough(Exception):
    """Ends an original that has been timed for long enough."""


def iteration_ends(name, hidden):
    """Gives when the training began and when each iteration ended, for 1.5 seconds.

    An original prints in the middle of its iterations, so one lasts from print to print.
    """
    times = []

    def report(_):
        times.append(1000 * perf_counter())
        if len(times) > 5 and times[-1] > times[0] + 1500:
            raise Enough

    try:
        # So small a rate that the losses stay as they are.
        run(name, report, 501, (64, 1000, hidden, 10), "1e-9")
    except Enough:
        pass
    return times


def times_of(call):
    """Times a call again and again, after one to warm up."""
    call()
    times = []
    end = perf_counter() + 0.7
    while len(times) < 4 or perf_counter() < end:
        start = perf_counter()
        call()
        times.append(1000 * (perf_counter() - start))
    return times


def versions():
    found = {"Python": sys.version.split()[0]}
    for name, module in {"NumPy": "numpy", "PyTorch": "torch"}.items():
        try:
            found[name] = __import__(module).__version__
        except ImportError:
            pass
    return found


def measure_operations():
    import numpy as np

    length = 1_000_000
    numbers = [i + 0.5 for i in range(length)]
    array = np.array(numbers)
    operations = {
        "creation": (lambda: [i + 0.5 for i in range(length)], lambda: np.arange(0.5, length)),
        "squaring": (lambda: [number * number for number in numbers], lambda: np.square(array)),
        "sine": (lambda: [math.sin(number) for number in numbers], lambda: np.sin(array)),
        "summation": (lambda: sum(numbers), lambda: np.sum(array)),
    }
    for operation, calls in operations.items():
        for name, call in zip(("Python lists", "NumPy"), calls):
            group = f"{operation} of a million numbers"
            print(json.dumps({"name": name, "group": group, "times": times_of(call)}), flush=True)


def memory():
    w1 = run("Python lists", print, 0)["w1"]
    numbers = [number for row in w1 for number in row]
    lists = sum(map(sys.getsizeof, [w1, *w1, *numbers]))
    return {"Python lists": lists, "NumPy": run("NumPy", print, 0)["w1"].nbytes}


def losses(seed, sizes, steps, rate):
    """The losses of the NumPy original, and of PyTorch's with the same numbers, rounded."""
    import numpy as np
    import torch

    torch.randn = lambda *shape, device: torch.tensor(np.random.randn(*shape), dtype=torch.float32)
    recorded = {"seed": seed, "dims": sizes, "learningRate": float(rate)}
    for key, name in {"numpy": "NumPy", "torch": "PyTorch"}.items():
        np.random.seed(seed)
        lines = []
        run(name, lines.append, steps, sizes, rate)
        recorded[key] = [float(line.split()[-1]) for line in lines]
    return recorded


def record_losses():
    recordings = [(0, SIZES, 500, "1e-6"), (42, SIZES, 500, "1e-6"), (11, (3, 5, 4, 2), 200, "1e-3")]
    for seed, sizes, steps, rate in recordings:
        file = ROOT / f"tests/numpy_losses/seed{seed}_{'x'.join(map(str, sizes))}.json"
        file.write_text(json.dumps(losses(seed, sizes, steps, rate)) + "\n")


command, *args = sys.argv[1:]
if command == "versions":
    print(json.dumps(versions()))
elif command == "iteration":
    print(json.dumps(iteration_ends(args[0], int(args[1]))))
elif command == "operations":
    measure_operations()
elif command == "memory":
    print(json.dumps(memory()))
elif command == "losses":
    record_losses()
