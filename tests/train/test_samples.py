"""Samples are the shards' pictures, checked; batches do not depend on how many workers share them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from infra.errors import UserError
from render.dataset import Dataset, decode_shard
from tests.train.toy import make_dataset, views_table
from train.config import SelectConfig
from train.objective import object_on_black
from train.samples import Batches, Samples, decode, open_samples, pack, samples_of
from train.selection import select

SIZE = 16


def samples(holdout: int = 0) -> Samples:
    """Samples whose picture says its row, so that a batch tells which rows it took."""
    views = views_table(SIZE)
    rgba = np.zeros((len(views), SIZE, SIZE, 4), np.uint8)
    rgba[:, 0, 0, 0] = np.arange(len(views))
    selection = select(views, SelectConfig(holdout_every_azimuth=holdout), seed=0)
    return samples_of(rgba, selection, views[["azimuth_deg", "elevation_deg"]].to_numpy())


def rows_of(rgba: torch.Tensor) -> list[int]:
    return rgba[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("workers", [2, 3, 6])
def test_any_number_of_workers_sees_the_same_global_batch(workers: int) -> None:
    kept = samples()
    for step in (0, 7, 19):
        whole = Batches(kept, 12, 1.0, seed=5).draw(step)
        shares = [Batches(kept, 12, 1.0, 5, rank, workers).draw(step) for rank in range(workers)]
        for name in ("rgba", "style", "view", "theta"):
            assert torch.equal(getattr(whole, name), torch.cat([getattr(share, name) for share in shares]))


def test_an_epoch_shows_every_view_once_and_none_that_is_left_out() -> None:
    kept = samples(holdout=6)
    batches = Batches(kept, 20, 0.0, seed=1)
    seen = [row for step in range(5) for row in rows_of(batches.draw(step).rgba)]
    assert sorted(seen) == sorted(kept.row[kept.learnt].tolist())
    assert not set(seen) & set(kept.row[kept.unseen].tolist())
    assert seen != [row for step in range(5, 10) for row in rows_of(batches.draw(step).rgba)]


def test_a_batch_larger_than_the_set_goes_on_into_the_next_epoch() -> None:
    rows = rows_of(Batches(samples(), 300, 0.0, seed=1).draw(0).rgba)
    assert all(2 <= rows.count(row) <= 3 for row in range(120))


def test_a_sample_keeps_its_style_and_view() -> None:
    views, kept = views_table(SIZE), samples()
    batch = Batches(kept, 30, 0.0, seed=2).draw(3)
    for row, style, view in zip(rows_of(batch.rgba), batch.style, batch.view, strict=True):
        assert int(style) == views["style"].iloc[row]
        azimuth = np.deg2rad(views["azimuth_deg"].iloc[row])
        np.testing.assert_allclose(view[:2].numpy(), [np.sin(azimuth), np.cos(azimuth)], atol=1e-6)
    assert not batch.theta.any()


def test_a_batch_that_does_not_split_evenly_is_refused() -> None:
    with pytest.raises(UserError, match=r"train\.batch 10 cannot be split evenly among 3 workers"):
        Batches(samples(), 10, 0.0, 0, rank=0, workers=3)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return make_dataset(tmp_path, size=32)


def test_the_packed_file_holds_the_shards_pictures_in_the_datasets_order(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "cache" / "packed.npy"
    parts, start = [], 0
    for shard in dataset.manifest.shards:
        _, rgba = decode(dataset.shard_path(shard.name), shard, 32)
        parts.append((start, rgba))
        start += len(rgba)
    pack(path, reversed(parts), len(dataset.views), 32)
    selection = select(dataset.views, SelectConfig(), seed=0)
    kept = open_samples(path, selection, dataset.views[["azimuth_deg", "elevation_deg"]].to_numpy())
    for index in (0, 71, 72, 119):
        expected = dataset.pictures([dataset.views["key"].iloc[index]])[0]
        assert np.array_equal(kept.rgba[index], expected)
    assert isinstance(kept.rgba, np.memmap)


def test_a_shard_that_was_changed_is_refused(dataset: Dataset) -> None:
    shard = dataset.manifest.shards[0]
    path = dataset.shard_path(shard.name)
    path.write_bytes(path.read_bytes() + b"\0" * 512)
    with pytest.raises(UserError, match=r"chair-000000.tar differs from its SHA-256"):
        decode(path, shard, 32)


def test_a_shard_with_too_few_samples_is_refused(dataset: Dataset) -> None:
    shard = dataset.manifest.shards[0]
    with pytest.raises(UserError, match=r"holds 72 samples, manifest\.json says 73"):
        decode(dataset.shard_path(shard.name), shard.model_copy(update={"samples": 73}), 32)


def test_a_packed_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "packed.npy"
    with pytest.raises(UserError, match=r"shards hold 3 samples, views\.parquet 4"):
        pack(path, [(0, np.zeros((3, 8, 8, 4), np.uint8))], 4, 8)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_said_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="set TURNERY_CACHE"):
        pack(tmp_path / "file" / "below" / "packed.npy", [], 0, 8)


def test_an_object_over_white_becomes_the_same_object_on_black(dataset: Dataset) -> None:
    """Colour times coverage, exactly, however soft the edge: rgb - (1 - mask), not rgb x mask."""
    colour, coverage = np.array([200, 100, 40]), 0.4
    over_white = colour * coverage + 255 * (1 - coverage)
    rgba = torch.tensor([*over_white, 255 * coverage]).round().byte().reshape(1, 1, 1, 4)
    rgb, mask = object_on_black(rgba)
    np.testing.assert_allclose(rgb.flatten().numpy(), colour * coverage / 255, atol=1 / 255)
    assert float(mask) == pytest.approx(coverage, abs=1 / 255)
    _, pictures = decode_shard(dataset.shard_path(dataset.manifest.shards[0].name), 32)
    black, mask = object_on_black(torch.from_numpy(pictures))
    assert float((black - mask).max()) <= 1.5 / 255
