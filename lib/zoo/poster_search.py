"""The poster's search in small: its network with one choice changed at a time.

The poster tried "different number of convolution layers, strides, kernel sizes, FC layers and nodes".
"""

from functools import partial

from lib.zoo import register
from lib.zoo.this_project import build

CHOICES = {
    "conv3": {"filters": (32, 64, 64)},
    "conv5": {"filters": (32, 64, 64, 64, 64)},
    "kernel3": {"kernel": 3},
    "kernel5": {"kernel": 5},
    "stride1": {"last_stride": 1},
    "fc0": {"fc": 0},
    "fc2": {"fc": 2},
    "nodes5": {"nodes": 5},
    "nodes50": {"nodes": 50},
    "nodes150": {"nodes": 150},
}
for _name, _choice in CHOICES.items():
    register(f"this_project_{_name}")(partial(build, **_choice))
