"""Calls every method of the client at ADDRESS and writes what it sees as JSON; for SmartRedis 0.6.1 and for ours.

    python every_method.py ADDRESS CLUSTERED FOLDER

FOLDER holds ``double.onnx`` and ``double.pt``, models that double a tensor of float32 (N, 2). What is seen must be the
same for both clients, so errors count only as such.
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
SCRIPT = "def add(x, y):\n    return x + y\n\ndef both(x):\n    return x, 2 * x\n"


def halve(x):
    return x / 2


class Witness:
    """Calls and notes what came of it."""

    def __init__(self):
        self.seen = []

    def __call__(self, what, call):
        try:
            value = call()
        except Exception:
            value = "error"
        self.seen.append([what, value.tolist() if isinstance(value, np.ndarray) else value])


def dataset(name, start=0):
    made = Dataset(name)
    made.add_tensor("samples", np.arange(start, start + 4, dtype=np.float32).reshape(2, 2))
    made.add_meta_scalar("count", start)
    made.add_meta_scalar("rate", 0.5)
    made.add_meta_scalar("rate", 1.5)
    made.add_meta_string("who", "one")
    made.add_meta_string("who", "two")
    return made


def told(found):
    """A dataset's contents; fields have no order, and SmartRedis's lists have datasets of another class."""
    fields = {name: values(found, name) for name in sorted(found.get_metadata_field_names())}
    tensors = {name: found.get_tensor(name).tolist() for name in sorted(found.get_tensor_names())}
    return [found.get_name(), fields, tensors]


def values(found, name):
    try:
        return list(found.get_meta_strings(name))
    except Exception:
        return np.array(found.get_meta_scalars(name)).tolist()


def tensors(see, client):
    for kind in TYPES:
        client.put_tensor("t" + kind, np.arange(6, dtype=kind).reshape(2, 3)[:, ::2])
        see("type " + kind, lambda kind=kind: client.get_tensor("t" + kind))
        see("dtype " + kind, lambda kind=kind: client.get_tensor("t" + kind).dtype.str)
    see("exists", lambda: [client.tensor_exists("tf4"), client.tensor_exists("none"), client.key_exists("tf4")])
    see(
        "poll",
        lambda: [client.poll_tensor("tf4", 1, 2), client.poll_tensor("none", 1, 2), client.poll_key("tf4", 1, 1)],
    )
    see("copy", lambda: client.copy_tensor("tf4", "copied"))
    see("rename", lambda: client.rename_tensor("copied", "renamed"))
    see("renamed", lambda: [client.tensor_exists("copied"), client.get_tensor("renamed").tolist()])
    see("delete", lambda: client.delete_tensor("renamed"))
    see("deleted", lambda: client.tensor_exists("renamed"))
    for what in (client.get_tensor, client.delete_tensor, lambda name: client.copy_tensor(name, "other")):
        see("missing", lambda what=what: what("none"))


def models(see, client, address, folder):
    client.put_tensor("x", np.array([[1, 2], [3, 4]], np.float32))
    model(see, client, address, "ONNX", os.path.join(folder, "double.onnx"))
    model(see, client, address, "TORCH", os.path.join(folder, "double.pt"))
    see("missing", lambda: client.run_model("none", ["x"], ["y"]))
    see("missing", lambda: client.get_model("none"))
    see("no model", lambda: client.set_model("bad", b"this is no model", "ONNX"))
    see("other names", lambda: client.set_model("bad", b"x", "ONNX", inputs=["x"], outputs=["y"]))
    gpus(see, client, os.path.join(folder, "double.pt"))
    chunks(see, client, os.path.join(folder, "double.onnx"))


def model(see, client, address, backend, path):
    content, name = content_of(path), "model" + backend
    see("set", lambda: client.set_model(name, content, backend, "CPU", batch_size=4, min_batch_size=1, tag="v1"))
    see("set again", lambda: client.set_model_from_file(name, path, backend, "CPU", tag="v2"))
    see("get", lambda: client.get_model(name) == content)
    see("exists", lambda: [client.model_exists(name), client.poll_model(name, 1, 1), client.poll_model("no", 1, 2)])
    see("run", lambda: client.run_model(name, ["x"], ["y"]))
    see("ran", lambda: client.get_tensor("y"))
    see("run by name", lambda: client.run_model(name, "y", "z"))
    see("ran", lambda: client.get_tensor("z"))
    see("info", lambda: counted(client.get_ai_info([address], name)))
    see("reset", lambda: client.get_ai_info([address], name, True))
    see("info", lambda: counted(client.get_ai_info([address], name)))
    see("missing input", lambda: client.run_model(name, ["none"], ["y"]))
    see("delete", lambda: client.delete_model(name))
    see("deleted", lambda: client.model_exists(name))


def gpus(see, client, path):
    see("GPU", lambda: client.set_model_multigpu("gpu", content_of(path), "TORCH", 0, 1))
    see("GPU", lambda: client.set_model_from_file_multigpu("gpu", path, "TORCH", 0, 1))
    see("GPU", lambda: client.run_model_multigpu("gpu", 0, 0, 1, ["x"], ["y"]))
    see("GPU", lambda: client.delete_model_multigpu("gpu", 0, 1))


def content_of(path):
    with open(path, "rb") as opened:
        return opened.read()


def chunks(see, client, path):
    content = content_of(path)
    client.set_model_chunk_size(64)
    see("chunks", lambda: client.set_model("chunked", content, "ONNX"))
    client.put_tensor("x", np.array([[1, 2]], np.float32))
    see("run", lambda: client.run_model("chunked", ["x"], ["y"]))
    see("ran", lambda: client.get_tensor("y"))
    client.set_model_chunk_size(535822336)


def counted(infos):
    return [[info[key] for key in ("backend", "device", "tag", "samples", "calls", "errors")] for info in infos]


def scripts(see, client, folder):
    path = os.path.join(folder, "script.py")
    with open(path, "w") as opened:
        opened.write(SCRIPT)
    client.put_tensor("x", np.array([1, 2], np.float32))
    see("set", lambda: client.set_script("script", SCRIPT))
    see("set from file", lambda: client.set_script_from_file("script", path))
    see("get", lambda: client.get_script("script") == SCRIPT)
    see("run", lambda: client.run_script("script", "add", ["x", "x"], ["y"]))
    see("ran", lambda: client.get_tensor("y"))
    see("run", lambda: client.run_script("script", "both", "x", ["y", "z"]))
    see("ran", lambda: [client.get_tensor("y").tolist(), client.get_tensor("z").tolist()])
    see("no function", lambda: client.run_script("script", "none", ["x"], ["y"]))
    see("no script", lambda: client.set_script("bad", "def f(:\n"))
    see("exists", lambda: client.model_exists("script"))
    see("delete", lambda: client.delete_script("script"))
    see("deleted", lambda: client.model_exists("script"))
    see("missing", lambda: client.get_script("script"))
    see("function", lambda: client.set_function("function", halve))
    see("run", lambda: client.run_script("function", "halve", ["x"], ["y"]))
    see("ran", lambda: client.get_tensor("y"))
    see("GPU", lambda: client.set_script_multigpu("gpu", SCRIPT, 0, 1))
    see("GPU", lambda: client.set_script_from_file_multigpu("gpu", path, 0, 1))
    see("GPU", lambda: client.set_function_multigpu("gpu", halve, 0, 1))
    see("GPU", lambda: client.run_script_multigpu("gpu", "add", ["x", "x"], ["y"], 0, 0, 1))
    see("GPU", lambda: client.delete_script_multigpu("gpu", 0, 1))


def datasets(see, client):
    see("put", lambda: client.put_dataset(dataset("d")))
    see("get", lambda: told(client.get_dataset("d")))
    see("exists", lambda: [client.dataset_exists("d"), client.dataset_exists("none")])
    see("poll", lambda: [client.poll_dataset("d", 1, 1), client.poll_dataset("none", 1, 2)])
    see("copy", lambda: client.copy_dataset("d", "e"))
    see("rename", lambda: client.rename_dataset("e", "f"))
    see("renamed", lambda: [client.dataset_exists("e"), told(client.get_dataset("f"))[1:]])
    see("put again", lambda: client.put_dataset(dataset("f", 7)))
    see("replaced", lambda: told(client.get_dataset("f")))
    see("delete", lambda: client.delete_dataset("f"))
    see("deleted", lambda: client.dataset_exists("f"))
    see("empty", lambda: client.put_dataset(Dataset("empty")))
    for what in (client.get_dataset, client.delete_dataset, lambda name: client.copy_dataset(name, "other")):
        see("missing", lambda what=what: what("none"))


def lists(see, client):
    for i in range(3):
        client.put_dataset(dataset(f"item{i}", i))
        client.append_to_list("list", dataset(f"item{i}", i))
    see("length", lambda: [client.get_list_length("list"), client.get_list_length("none")])
    see("all", lambda: [told(item) for item in client.get_datasets_from_list("list")])
    see("range", lambda: [item.get_name() for item in client.get_dataset_list_range("list", 1, 2)])
    see("from the end", lambda: [item.get_name() for item in client.get_dataset_list_range("list", -2, -1)])
    see("none", lambda: client.get_datasets_from_list("none"))
    see("poll", lambda: [client.poll_list_length("list", n, 1, 2) for n in (2, 3, 4)])
    see("poll", lambda: [client.poll_list_length_gte("list", n, 1, 2) for n in (2, 3, 4)])
    see("poll", lambda: [client.poll_list_length_lte("list", n, 1, 2) for n in (2, 3, 4)])
    see("copy", lambda: client.copy_list("list", "copy"))
    see("rename", lambda: client.rename_list("copy", "moved"))
    see("moved", lambda: [client.get_list_length("copy"), client.get_list_length("moved")])
    see("delete", lambda: client.delete_list("moved"))
    see("deleted", lambda: client.get_list_length("moved"))
    see("missing", lambda: client.copy_list("none", "copy"))
    see("missing", lambda: client.rename_list("none", "copy"))


def prefixes(see, client):
    """With SSKEYIN=left,right and SSKEYOUT=left."""
    client.put_tensor("p", np.ones(2, np.float32))
    client.put_dataset(dataset("p"))
    client.append_to_list("plist", dataset("p"))
    see(
        "written",
        lambda: [client.key_exists(key) for key in ("left.p", "left.{p}.meta", "left.{p}.samples", "left.plist")],
    )
    see("read", lambda: [client.tensor_exists("p"), client.dataset_exists("p"), client.get_list_length("plist")])
    client.set_data_source("right")
    see("other", lambda: [client.tensor_exists("p"), client.dataset_exists("p"), client.get_list_length("plist")])
    see("unknown", lambda: client.set_data_source("up"))
    client.set_data_source("left")
    client.use_tensor_ensemble_prefix(False)
    client.use_dataset_ensemble_prefix(False)
    client.use_list_ensemble_prefix(False)
    see("without", lambda: [client.tensor_exists("p"), client.dataset_exists("p"), client.get_list_length("plist")])
    client.use_model_ensemble_prefix(True)
    see("model", lambda: client.set_script("prefixed", SCRIPT))
    see("exists", lambda: client.model_exists("prefixed"))
    client.use_model_ensemble_prefix(False)
    see("without", lambda: [client.model_exists("prefixed"), client.model_exists("left.prefixed")])


def admin(see, client, address, clustered):
    see("node", lambda: "Server" in client.get_db_node_info([address])[0])
    see("cluster", lambda: client.get_db_cluster_info([address])[0]["cluster_state"] if clustered else "not asked")
    see("config", lambda: client.config_get("maxmemory", address))
    see("set", lambda: client.config_set("maxmemory", "123456789", address))
    see("config", lambda: client.config_get("maxmemory", address))
    see("unset", lambda: client.config_set("maxmemory", "0", address))
    see("save", lambda: client.save([address]))
    see("elsewhere", lambda: client.save(["127.0.0.1:1"]))
    see("flush", lambda: client.flush_db([address]))
    see("flushed", lambda: client.tensor_exists("tf4"))


def main(address, clustered, folder):
    see, client = Witness(), Client(address=address, cluster=clustered)
    tensors(see, client)
    models(see, client, address, folder)
    scripts(see, client, folder)
    datasets(see, client)
    lists(see, client)
    os.environ.update(SSKEYIN="left,right", SSKEYOUT="left")
    prefixes(see, Client(address=address, cluster=clustered))
    admin(see, client, address, clustered)
    with open(os.path.join(folder, "seen.json"), "w") as file:  # SmartRedis writes to the standard output itself
        json.dump(see.seen, file, indent=1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] == "clustered", sys.argv[3])
