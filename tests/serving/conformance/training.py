"""Uploads, or learns from, training data at SSDB with SmartSim 0.8.0.

    python training.py upload RANK BATCHES
    python training.py (download|generate) FILE

Sample ``i`` of batch ``b`` of a rank is ``[rank, b, i]``, its target ``(b + i) % 5``. The reader writes what it got as
JSON to FILE. ``generate`` needs torch, which is in the folder GYMCC_TORCH.
"""

import json
import os
import sys

import numpy as np
from smartsim.ml.data import DataDownloader, TrainingDataUploader

SIZE = 4  # samples of a batch
WAIT = 0.05  # seconds between two looks for data


def upload(rank, batches):
    uploader = TrainingDataUploader(num_classes=5, cluster=False, rank=int(rank))
    uploader.publish_info()
    for batch in range(int(batches)):
        samples = np.array([[int(rank), batch, i] for i in range(SIZE)], np.float32)
        uploader.put_batch(samples, np.array([(batch + i) % 5 for i in range(SIZE)], np.int64))


def download(file):
    reader = DataDownloader("training_data", SIZE, shuffle=False, cluster=False, wait_interval=WAIT)
    report(file, reader)


def generate(file):
    sys.path.append(os.environ["GYMCC_TORCH"])  # last: of what both have, this environment's own is meant
    from smartsim.ml.torch import DynamicDataGenerator

    reader = DynamicDataGenerator(
        data_info_or_list_name="training_data", batch_size=SIZE, shuffle=False, cluster=False, wait_interval=WAIT
    )
    reader.init_samples(wait_interval=WAIT)
    batches = [[list(samples.shape), list(targets.shape)] for samples, targets in reader]
    report(file, reader, batches)


def report(file, reader, batches=None):
    whole = {"samples": np.array(reader.samples).tolist(), "targets": np.array(reader.targets).tolist()}
    whole |= {"num_classes": int(reader.num_classes), "batches": batches}
    with open(file, "w") as opened:
        json.dump(whole, opened)


if __name__ == "__main__":
    {"upload": upload, "download": download, "generate": generate}[sys.argv[1]](*sys.argv[2:])
