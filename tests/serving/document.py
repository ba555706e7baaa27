"""SmartSim's documentation on machine learning: its code blocks, and what it leaves to the reader.

The blocks are SmartSim 0.4's (BSD 2-Clause, Hewlett Packard Enterprise) but for typos that keep them from running:

- ``net`` was not made from ``n``; ``GPU`` is ``CPU``, as its text says for machines without one; ``device`` was not set
- ``SmartRedis`` is imported as ``smartredis``, and ``"value"`` is ``"values"``, as the producer has it
- ``Experiment`` was missing from ``exp = ("online-training", …)``, and ``producer_script`` was called ``script``
"""

from __future__ import annotations

INFERENCE_DRIVER = """
from smartsim import Experiment
from smartsim.database import Orchestrator
from smartsim.settings import RunSettings

exp = Experiment("inference-session", launcher="local")
db = Orchestrator(port=6780)

script = "inference.py"
settings = RunSettings("python", exe_args=script)
model = exp.create_model("model_using_ml", settings)
model.attach_generator_files(to_copy=script)

exp.start(db, model, block=True, summary=True)
exp.stop(db)
"""

PYTORCH = """
import io
import numpy as np

import torch
import torch.nn as nn
import torch.nn.functional as F
from smartredis import Client

class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = self.conv1(x)
        x = F.relu(x)
        x = self.conv2(x)
        x = F.relu(x)
        x = F.max_pool2d(x, 2)
        x = self.dropout1(x)
        x = torch.flatten(x, 1)
        x = self.fc1(x)
        x = F.relu(x)
        x = self.dropout2(x)
        x = self.fc2(x)
        output = F.log_softmax(x, dim=1)
        return output

n = Net()
example_forward_input = torch.rand(1, 1, 28, 28)

def create_torch_model(torch_module, example_forward_input):

    # perform the trace of the nn.Module.forward() method
    module = torch.jit.trace(torch_module, example_forward_input)

    # save the traced module to a buffer
    model_buffer = io.BytesIO()
    torch.jit.save(module, model_buffer)
    return model_buffer.getvalue()

net = create_torch_model(n, example_forward_input)
client = Client(cluster=False)

client.put_tensor("input", torch.rand(20, 1, 28, 28).numpy())

# put the PyTorch CNN in the database in GPU memory
client.set_model("cnn", net, "TORCH", device="CPU")

# execute the model, supports a variable number of inputs and outputs
client.run_model("cnn", inputs=["input"], outputs=["output"])

# get the output
output = client.get_tensor("output")
print(f"Prediction: {output}")
"""

KERAS = """
import os
import numpy as np
from tensorflow import keras


# create a simple Fully connected network in Keras
model = keras.Sequential(
    layers=[
        keras.layers.InputLayer(input_shape=(28, 28), name="input"),
        keras.layers.Flatten(input_shape=(28, 28), name="flatten"),
        keras.layers.Dense(128, activation="relu", name="dense"),
        keras.layers.Dense(10, activation="softmax", name="output"),
    ],
    name="FCN",
)

# Compile model with optimizer
model.compile(optimizer="adam",
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"])

from smartredis import Client
from smartsim.tf import freeze_model

device = "CPU"

# SmartSim utility for Freezing the model
model_path, inputs, outputs = freeze_model(model, os.getcwd(), "fcn.pb")

client = Client(cluster=False)

# TensorFlow backed requires named inputs and outputs on graph
# this differs from PyTorch and ONNX.
client.set_model_from_file(
    "keras_fcn", model_path, "TF", device=device, inputs=inputs, outputs=outputs
)

input_data = np.random.rand(1, 28, 28).astype(np.float32)
client.put_tensor("input", input_data)
client.run_model("keras_fcn", "input", "output")

pred = client.get_tensor("output")
print(pred)
"""

SKLEARN_IMPORTS = """
import numpy as np
from skl2onnx import to_onnx
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split
from smartredis import Client

client = Client(cluster=False)
"""

KMEANS = """
X = np.arange(20, dtype=np.float32).reshape(10, 2)
tr = KMeans(n_clusters=2)
tr.fit(X)

kmeans = to_onnx(tr, X, target_opset=11)
model = kmeans.SerializeToString()

sample = np.arange(20, dtype=np.float32).reshape(10, 2) # dummy data
client.put_tensor("input", sample)

client.set_model("kmeans", model, "ONNX", device="CPU")
client.run_model("kmeans", inputs="input", outputs=["labels", "transform"])

print(client.get_tensor("labels"))
"""

RANDOM_FOREST = """
iris = load_iris()
X, y = iris.data, iris.target
X_train, X_test, y_train, _ = train_test_split(X, y, random_state=13)
clr = RandomForestRegressor(n_jobs=1, n_estimators=100)
clr.fit(X_train, y_train)

rf_model = to_onnx(clr, X_test.astype(np.float32))

sample = np.array([[6.4, 2.8, 5.6, 2.2]]).astype(np.float32)
model = rf_model.SerializeToString()

client.put_tensor("input", sample)
client.set_model("rf_regressor", model, "ONNX", device="CPU")
client.run_model("rf_regressor", inputs="input", outputs="output")
print(client.get_tensor("output"))
"""

# The simulation, which the document leaves to the reader: the plane z = 2x - y, a batch of 32 points an iteration.
SIMULATION = """
import numpy as np

num_iterations = 5
random = np.random.default_rng(0)
data_points = random.random((32, 2), dtype=np.float32)
data_values = data_points @ np.array([2, -1], np.float32)
"""

PRODUCER = """
from smartredis import Client
# simulation initialization code
client = Client(cluster=False, address=None)

for iteration in range(num_iterations):
    # simulation code producing two tensors, data_points
    # and data_values
    client.put_tensor(f"points_{iteration}", data_points)
    client.put_tensor(f"values_{iteration}", data_values)
"""

# The model, which it leaves out too: least squares by gradient descent, with what Keras's `fit` takes.
SOME_MODEL = """
import time
import numpy as np

class LinearModel:
    weights = np.zeros(2)

    def fit(self, generator, steps_per_epoch, epochs, initial_epoch, batch_size, verbose):
        for number in range(len(generator)):
            points, values = generator[number]
            assert len(points) == len(values) == batch_size
            self.weights = self.weights - 0.5 * points.T @ (points @ self.weights - values) / batch_size
        print(initial_epoch, len(generator), self.weights, flush=True)
        generator.on_epoch_end()
        time.sleep(0.02)
"""

KERAS_MODEL = """
import numpy as np
from tensorflow import keras

def LinearModel():
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss="mse")
    return model
"""

GENERATOR = """
from smartsim.ml.tf.data import DataGenerator
generator = DataGenerator(
    sample_prefix="points",
    target_prefix="values",
    batch_size=32,
    smartredis_cluster=False)
"""

GENERATOR_OF_RANKS = """
generator = DataGenerator(
    sample_prefix="points",
    target_prefix="values",
    batch_size=32,
    smartredis_cluster=False,
    sub_indices=8)
"""

TRAINING = """
model = LinearModel()
# model initialization

for epoch in range(100):
    model.fit(generator,
              steps_per_epoch=None,
              epochs=epoch+1,
              initial_epoch=epoch,
              batch_size=generator.batch_size,
              verbose=2)
"""

TRAINING_DRIVER = """
from smartsim import Experiment
from smartsim.database import Orchestrator
from smartsim.settings import RunSettings

db = Orchestrator(port=6780)
exp = Experiment("online-training", launcher="local")

# producer
producer_script = "producer.py"
settings = RunSettings("python", exe_args=producer_script)
uploader_model = exp.create_model("producer", settings)
uploader_model.attach_generator_files(to_copy=producer_script)
uploader_model.enable_key_prefixing()

# training_service
training_script = "training_service.py"
settings = RunSettings("python", exe_args=training_script)
trainer_model = exp.create_model("training_service", settings)
trainer_model.register_incoming_entity(uploader_model)

exp.start(db)
exp.start(uploader_model, block=False, summary=False)
exp.start(trainer_model, block=True, summary=False)
"""

IMPORTS = {  # all that a reader changes
    "from smartsim import": "from gymcc.agents.serving.experiment import",
    "from smartsim.database import": "from gymcc.agents.serving.experiment.database import",
    "from smartsim.settings import": "from gymcc.agents.serving.experiment.settings import",
    "from smartsim.ml.tf.data import": "from gymcc.agents.serving.online.keras import",
    "from smartsim.tf import": "from gymcc.agents.serving.tf import",
    "from smartredis import": "from gymcc.agents.serving import",
}


def ours(text: str) -> str:
    """A block with its imports changed."""
    for theirs, here in IMPORTS.items():
        text = text.replace(theirs, here)
    assert "smartsim" not in text.lower().replace("smartsim utility", "")
    return text
