"""Runs the Python originals, which `deno task originals` fetches into .originals.

    originals.py versions               what is there, with its version
    originals.py iteration NAME HIDDEN  times an original, as time.ts times ours
    originals.py operations             times four operations on a million numbers
    originals.py memory                 the bytes of a matrix of 1000 x 100 numbers
    originals.py losses                 records tests/numpy_losses

NAME is "Python lists", "NumPy", "PyTorch" or "PyTorch on CUDA". What is timed is printed as
time.ts prints it: when it began, and when each run ended, in milliseconds. This script needs
Python 3.9 or later.
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


def is_enough(ends):
    return len(ends) > 500 or len(ends) > 5 and ends[-1] > ends[0] + 1500


def show_times(name, group, ends):
    print(json.dumps({"name": name, "group": group, "ends": ends}), flush=True)


def iteration(name, hidden):
    """Times an original. It prints in the middle of its iterations: one is from print to print."""
    ends = []

    def report(_):
        ends.append(1000 * perf_counter())
        if is_enough(ends):
            show_times(name, f"an iteration with {hidden} hidden units", ends)
            sys.exit()

    # So small a rate that the losses stay as they are.
    run(name, report, 501, (64, 1000, int(hidden), 10), "1e-9")


def operations():
    import numpy as np

    length = 1_000_000
    numbers = [i + 0.5 for i in range(length)]
    array = np.array(numbers)
    calls = {
        "creation": (lambda: [i + 0.5 for i in range(length)], lambda: np.arange(0.5, length)),
        "squaring": (lambda: [number * number for number in numbers], lambda: np.square(array)),
        "sine": (lambda: [math.sin(number) for number in numbers], lambda: np.sin(array)),
        "summation": (lambda: sum(numbers), lambda: np.sum(array)),
    }
    for operation in calls:
        for name, call in zip(("Python lists", "NumPy"), calls[operation]):
            ends = [1000 * perf_counter()]
            while not is_enough(ends):
                call()
                ends.append(1000 * perf_counter())
            show_times(name, f"{operation} of a million numbers", ends)


def versions():
    try:
        import numpy as np
        import torch
    except ImportError:
        sys.exit(1)
    python = sys.version.split()[0]
    found = [f"Python {python}", f"NumPy {np.__version__}", f"PyTorch {torch.__version__}"]
    cuda = [f"CUDA {torch.version.cuda}"] if torch.cuda.is_available() else []
    print(json.dumps(found + cuda))


def memory():
    w1 = run("Python lists", print, 0)["w1"]
    numbers = [number for row in w1 for number in row]
    lists = sum(map(sys.getsizeof, [w1, *w1, *numbers]))
    print(json.dumps({"Python lists": lists, "NumPy": run("NumPy", print, 0)["w1"].nbytes}))


def losses():
    import numpy as np
    import torch

    # PyTorch's original gets the numbers that NumPy's draws, rounded.
    torch.randn = lambda *shape, device: torch.tensor(np.random.randn(*shape), dtype=torch.float32)
    recordings = [(0, SIZES, 500, "1e-6"), (42, SIZES, 500, "1e-6"), (11, (3, 5, 4, 2), 200, "1e-3")]
    for seed, sizes, steps, rate in recordings:
        recorded = {"seed": seed, "dims": sizes, "learningRate": float(rate)}
        for key, name in {"numpy": "NumPy", "torch": "PyTorch"}.items():
            np.random.seed(seed)
            lines = []
            run(name, lines.append, steps, sizes, rate)
            recorded[key] = [float(line.split()[-1]) for line in lines]
        file = ROOT / f"tests/numpy_losses/seed{seed}_{'x'.join(map(str, sizes))}.json"
        file.write_text(json.dumps(recorded) + "\n")


command, *args = sys.argv[1:]
{f.__name__: f for f in (versions, iteration, operations, memory, losses)}[command](*args)
