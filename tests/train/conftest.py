"""One thread: these networks are too small to share, and threads that wait for each other crawl."""

import torch

torch.set_num_threads(1)
