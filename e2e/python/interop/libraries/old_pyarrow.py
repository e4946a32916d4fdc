"""Parquet by an older pyarrow, in a Python environment of its own (PZ_PYARROW17_PYTHON).

Run there as a program: `old_pyarrow.py write FAMILY KIND… PATH`, or `read PATH ARROW_FILE`, which puts what it has read into
a file that the current pyarrow reads.
"""

import os
import pathlib
import subprocess
import sys

PYTHON = os.environ.get("PZ_PYARROW17_PYTHON")
ROOT = pathlib.Path(__file__).parents[2]


def run(*arguments):
    done = subprocess.run([PYTHON, __file__, *map(str, arguments)], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def write_parquet(kinds, path):
    run("write", path, *(kind.name for kind in kinds))


def read_parquet(path, kinds):
    import pyarrow
    from interop.kinds import column_name
    from interop.values import from_arrow

    told = pathlib.Path(f"{path}.told.arrow")
    if not told.exists():
        run("read", path, told)
    with pyarrow.ipc.open_file(told) as file:
        table = file.read_all()
    return {kind.name: from_arrow(table[column_name(kind)]) for kind in kinds}


def main(action, path, *rest):
    import pyarrow
    from interop.kinds import BY_NAME
    from interop.libraries import arrow_tables

    assert pyarrow.__version__.startswith("17."), pyarrow.__version__
    if action == "write":
        arrow_tables.write_parquet([BY_NAME[name] for name in rest], path)
    else:
        table = pyarrow.parquet.read_table(path)
        with pyarrow.ipc.new_file(rest[0], table.schema) as file:
            file.write_table(table)


if __name__ == "__main__":
    main(*sys.argv[1:])
