"""Shards: equal views, equal bytes; read back as written; refused when keys would break."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import webdataset

from render.dataset import decode_shard, over_white
from render.shards import ShardWriter


def views(count: int) -> list[np.ndarray]:
    return [np.random.default_rng(i).integers(0, 256, (16, 16, 4), np.uint8) for i in range(count)]


def write(path: Path, pictures: list[np.ndarray]) -> ShardWriter:
    with ShardWriter(path, path.name) as writer:
        for index, picture in enumerate(pictures):
            writer.add(f"chair_m_v{index:03d}", picture, {"azimuth_deg": index * 10.0})
    return writer


def test_the_same_views_give_the_same_bytes_and_the_manifest_knows_them(tmp_path: Path) -> None:
    first, second = (write(tmp_path / name, views(3)).shard for name in ("a.tar", "b.tar"))
    data = (tmp_path / "a.tar").read_bytes()
    assert data == (tmp_path / "b.tar").read_bytes()
    assert (first.sha256, first.bytes, first.samples) == (hashlib.sha256(data).hexdigest(), len(data), 3)
    assert second.name == "b.tar"


def test_pictures_come_back_as_they_were_and_smaller_when_asked(tmp_path: Path) -> None:
    pictures = views(3)
    write(tmp_path / "a.tar", pictures)
    keys, back = decode_shard(tmp_path / "a.tar", 16)
    assert keys == [f"chair_m_v{i:03d}" for i in range(3)]
    np.testing.assert_array_equal(back, pictures)
    _, half = decode_shard(tmp_path / "a.tar", 8)
    means = np.stack(pictures).reshape(3, 8, 2, 8, 2, 4).mean(axis=(2, 4))
    assert np.abs(half - means).max() <= 0.5


def test_plain_webdataset_reads_a_sample_a_view(tmp_path: Path) -> None:
    write(tmp_path / "a.tar", views(2))
    samples = list(webdataset.WebDataset(str(tmp_path / "a.tar"), shardshuffle=False).decode("pil"))
    assert [sample["__key__"] for sample in samples] == ["chair_m_v000", "chair_m_v001"]
    assert samples[1]["json"] == {"azimuth_deg": 10.0}
    np.testing.assert_array_equal(np.asarray(samples[0]["rgb.png"]), views(1)[0][..., :3])
    np.testing.assert_array_equal(np.asarray(samples[0]["mask.png"])[..., 0], views(1)[0][..., 3])


def test_a_key_that_webdataset_would_cut_is_refused(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "a.tar", "a.tar") as writer, pytest.raises(ValueError, match="first dot"):
        writer.add("chair_v1.5_v000", views(1)[0], {})


def test_over_white_agrees_with_real_numbers_for_every_colour_and_coverage() -> None:
    colour, alpha = np.meshgrid(np.arange(256), np.arange(256), indexing="ij")
    rgba = np.stack([colour, colour, colour, alpha], axis=-1).astype(np.uint8)
    exact = colour * (alpha / 255) + 255 * (1 - alpha / 255)
    blended = over_white(rgba)
    assert np.abs(blended[..., 0] - exact).max() <= 0.5 + 1e-9
    np.testing.assert_array_equal(blended[..., 3], alpha)


def test_ray_data_and_hugging_face_datasets_read_the_same_samples(local_ray: None, tmp_path: Path) -> None:
    import datasets
    import ray.data

    write(tmp_path / "a.tar", views(3))
    (first, *_) = ray.data.read_webdataset(str(tmp_path / "a.tar")).sort("__key__").take_all()
    assert first["__key__"] == "chair_m_v000"
    np.testing.assert_array_equal(np.asarray(first["rgb.png"]), views(1)[0][..., :3])

    files = {"train": [str(tmp_path / "a.tar")]}
    table = datasets.load_dataset("webdataset", data_files=files, split="train", cache_dir=str(tmp_path / "hf"))
    assert table["__key__"][:] == [f"chair_m_v{i:03d}" for i in range(3)]
    np.testing.assert_array_equal(np.asarray(table[2]["rgb.png"]), views(3)[2][..., :3])
