"""How many models a minute the modeller draws, builds and writes on one core, and how large they are.

python benchmarks/modeller.py [--models 200]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from rich.console import Console
from rich.table import Table

from render import modeller


def main() -> None:
    """Print a row a class."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=200, help="models of each class")
    count = parser.parse_args().models
    table = Table("class", "models/min", "triangles: least", "median", "most", "keypoints: least", "median", "parts")
    for name in modeller.CLASSES:
        triangles, keypoints, parts = [], [], []
        with tempfile.TemporaryDirectory() as scratch:
            start = time.process_time()
            for index in range(count):
                model = modeller.build(modeller.draw(name, 0, index))
                modeller.write(model, Path(scratch) / str(index))
                triangles.append(model.triangles)
                keypoints.append(sum(point is not None for point in model.keypoints.values()))
                parts.append(len(model.parts))
            seconds = time.process_time() - start
        row = [60 * count / seconds, min(triangles), np.median(triangles), max(triangles)]
        row += [min(keypoints), np.median(keypoints), np.median(parts)]
        table.add_row(name, *(f"{number:.0f}" for number in row))
    Console().print(table)


if __name__ == "__main__":
    main()
