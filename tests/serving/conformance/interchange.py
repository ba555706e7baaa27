"""Writes at ADDRESS, or reads what was written there; for SmartRedis 0.6.1 and for ours.

python interchange.py (write|read) ADDRESS CLUSTERED FOLDER
"""

import json
import os
import sys

import numpy as np

try:
    from smartredis import Client, Dataset
except ImportError:
    from gymcc.agents.serving import Client, Dataset

TYPES = ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2")
SCALARS = {"f4": np.float32, "f8": float, "i4": np.int32, "i8": int, "u4": np.uint32, "u8": np.uint64}
SCRIPT = "def add(x, y):\n    return x + y\n"


def write(client, folder):
    whole = Dataset("whole")
    for number, kind in enumerate(TYPES):
        array = (np.arange(12) * 7 - number).astype(kind).reshape(2, 2, 3)
        client.put_tensor("tensor" + kind, array)
        whole.add_tensor(kind, array)
    for kind, scalar in SCALARS.items():
        for value in (0, 3, 7):
            whole.add_meta_scalar(kind, scalar(value))
    for text in ("", "one", "zwölf"):
        whole.add_meta_string("text", text)
    client.put_dataset(whole)
    client.append_to_list("list", whole)
    client.copy_dataset("whole", "copied")
    with open(os.path.join(folder, "double.onnx"), "rb") as file:
        client.set_model("model", file.read(), "ONNX")
    client.set_script("script", SCRIPT)
    client.put_tensor("x", np.array([[1, 2]], np.float32))


def contents(dataset):
    fields = {kind: np.array(dataset.get_meta_scalars(kind)).tolist() for kind in SCALARS}
    fields["types"] = [np.array(dataset.get_meta_scalars(kind)).dtype.str for kind in SCALARS]
    fields["text"] = list(dataset.get_meta_strings("text"))
    fields["names"] = sorted(dataset.get_metadata_field_names())
    return [fields, {name: dataset.get_tensor(name).tolist() for name in sorted(dataset.get_tensor_names())}]


def read(client, folder):
    tensors = {kind: client.get_tensor("tensor" + kind) for kind in TYPES}
    client.run_model("model", ["x"], ["doubled"])
    client.run_script("script", "add", ["x", "doubled"], ["added"])
    (listed,) = client.get_datasets_from_list("list")
    return {
        "tensors": {kind: [array.dtype.str, array.tolist()] for kind, array in tensors.items()},
        "whole": contents(client.get_dataset("whole")),
        "copied": contents(client.get_dataset("copied")),
        "listed": [listed.get_name(), sorted(listed.get_tensor_names())],
        "added": client.get_tensor("added").tolist(),
        "script": client.get_script("script"),
    }


def main(what, address, clustered, folder):
    client = Client(address=address, cluster=clustered == "clustered")
    if what == "write":
        write(client, folder)
    else:
        with open(os.path.join(folder, "read.json"), "w") as file:
            json.dump(read(client, folder), file)


if __name__ == "__main__":
    main(*sys.argv[1:])
