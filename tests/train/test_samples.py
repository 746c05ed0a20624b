"""Samples are the shards' pictures, checked; batches do not depend on how many workers share them."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from infra.errors import UserError
from render.dataset import Dataset, Shard, decode_shard
from tests.train.toy import make_dataset, views_table
from train.config import SelectConfig
from train.decoding import Room, chosen_place, part_shards
from train.objective import object_on_black
from train.packed import begin_packing, check_against_manifest, decode, keys_of, pack_here, packed_bytes
from train.samples import BLOCK, Ahead, Batches, Samples, open_samples, samples_of
from train.selection import select
from train.shares import part_of, share_of

SIZE = 16
CPU = torch.device("cpu")


def samples(holdout: int = 0) -> Samples:
    """Samples whose picture says its row, so that a batch tells which rows it took."""
    views = views_table(SIZE)
    rgba = np.zeros((len(views), SIZE, SIZE, 4), np.uint8)
    rgba[:, 0, 0, 0] = np.arange(len(views))
    selection = select(views, SelectConfig(holdout_every_azimuth=holdout), seed=0)
    return samples_of(rgba, selection, views[["azimuth_deg", "elevation_deg"]].to_numpy())


def rows_of(rgba: torch.Tensor) -> list[int]:
    return rgba[:, 0, 0, 0].tolist()


NAMES = ("rgba", "style", "view", "theta", "noise")


@pytest.mark.parametrize("workers", [2, 3, 5, 12])
def test_any_number_of_workers_sees_the_same_global_batch(workers: int) -> None:
    kept = samples()
    for step in (0, 7, 19):
        whole = Batches(kept, 12, 1.0, 5, latent_units=3).draw(step)
        shares = [Batches(kept, 12, 1.0, 5, rank, workers, latent_units=3).draw(step) for rank in range(workers)]
        for name in NAMES:
            assert torch.equal(getattr(whole, name), torch.cat([getattr(share, name) for share in shares]))


@pytest.mark.parametrize(("batch", "workers"), [(12, 4), (13, 5), (128, 7), (1000, 77)])
def test_the_mean_over_workers_of_weighted_means_is_the_mean_of_the_batch(batch: int, workers: int) -> None:
    losses, kept = np.random.default_rng(0).random(batch), samples()
    means = []
    for rank in range(workers):
        own = Batches(kept, batch, 0.0, 0, rank, workers)
        assert own.share.stop - own.share.start in (batch // workers, -(-batch // workers))
        means.append(own.weight * losses[own.share].mean())
    assert np.mean(means) == pytest.approx(losses.mean(), rel=1e-12)


def test_large_batches_are_random_throughout_and_sliced_all_the_same() -> None:
    kept, batch = samples(), 2 * BLOCK + 100
    whole = Batches(kept, batch, 1.0, 5, latent_units=2).draw(0)
    shares = [Batches(kept, batch, 1.0, 5, rank, 3, latent_units=2).draw(0) for rank in range(3)]
    for name in ("theta", "noise"):
        assert torch.equal(getattr(whole, name), torch.cat([getattr(share, name) for share in shares]))
        assert len(torch.unique(getattr(whole, name)[:, 0])) > batch - 5


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


def test_a_batch_smaller_than_the_workers_is_refused() -> None:
    with pytest.raises(UserError, match=r"train\.batch 2 is too small for 3 workers"):
        Batches(samples(), 2, 0.0, 0, rank=0, workers=3)


def test_samples_on_a_device_give_the_batches_of_the_packed_file() -> None:
    views = views_table(SIZE)
    selection = select(views, SelectConfig(classes=("table",), holdout_every_azimuth=6), seed=0)
    rgba = np.random.default_rng(0).integers(0, 256, (len(views), SIZE, SIZE, 4), np.uint8)
    host = samples_of(rgba, selection, views[["azimuth_deg", "elevation_deg"]].to_numpy())
    device = host.placed("device", CPU)
    assert isinstance(device.rgba, torch.Tensor) and len(device.rgba) == len(selection.row) < len(rgba)
    for step in range(9):
        ours, theirs = (Batches(kept, 7, 1.0, 3, latent_units=2).draw(step) for kept in (device, host))
        assert all(torch.equal(getattr(ours, name), getattr(theirs, name)) for name in NAMES)
    assert torch.equal(device.take(device.unseen).rgba, host.take(host.unseen).rgba)
    assert host.placed("auto", CPU) is host


def test_samples_beyond_a_devices_memory_are_refused_with_the_mend() -> None:
    kept = samples()
    views = np.broadcast_to(np.zeros(1, np.uint8), (120, 1 << 20, 1 << 10, 4))
    with pytest.raises(UserError, match=r"515\.4 GB of samples do not fit .* take --train\.samples node"):
        dataclasses.replace(kept, rgba=views).placed("device", CPU)


@pytest.mark.parametrize("where", ["node", "device"])
def test_drawing_ahead_changes_nothing_that_is_drawn(where: str) -> None:
    batches = Batches(samples().placed(where, CPU), 20, 1.0, seed=1, latent_units=2)
    ahead = Ahead(batches, CPU, 40)
    for step in (0, 1, 2, 3, 17, 18, 5, 39):
        expected, drawn = batches.draw(step), ahead.draw(step)
        assert all(torch.equal(getattr(expected, name), getattr(drawn, name)) for name in NAMES)


def test_parts_of_nodes_are_the_whole_and_each_shows_its_views_once_an_epoch() -> None:
    """Seven shards on three nodes with one, two and two workers."""
    views = views_table(SIZE)
    starts = np.array([0, 20, 30, 50, 70, 90, 100, 120])
    selection = select(views, SelectConfig(holdout_every_azimuth=6), seed=0)
    angles = views[["azimuth_deg", "elevation_deg"]].to_numpy()
    nodes, batch = [0, 1, 1, 2, 2], 11
    workers, held_by = [], []
    for rank, node in enumerate(nodes):
        part = part_of(nodes, rank, batch)
        shards = part_shards(starts, selection, nodes, node)
        held = np.concatenate([np.arange(starts[shard], starts[shard + 1]) for shard in shards])
        rgba = np.zeros((len(held), SIZE, SIZE, 4), np.uint8)
        rgba[:, 0, 0, 0] = held
        workers.append(Batches(samples_of(rgba, selection, angles, held), batch, 0.0, 5, rank, len(nodes), 0, part))
        held_by.append(held)
    assert sorted(np.concatenate([held_by[0], held_by[1], held_by[3]]).tolist()) == list(range(120))
    learnt_rows = []
    for rank in (0, 1, 3):
        kept = workers[rank].samples
        learnt_rows.append(sorted(held_by[rank][kept.row[kept.learnt]].tolist()))
    assert sorted(row for rows in learnt_rows for row in rows) == selection.row[selection.rows("train")].tolist()
    for node in range(3):
        own = [worker for worker, of in zip(workers, nodes, strict=True) if of == node]
        learnt = len(own[0].samples.learnt)
        rows = [row for step in range(learnt) for worker in own for row in rows_of(worker.draw(step).rgba)]
        passes = len(rows) // learnt
        assert passes == sum(worker.share.stop - worker.share.start for worker in own)
        for epoch in range(passes):
            seen = sorted(rows[epoch * learnt : (epoch + 1) * learnt])
            assert seen == learnt_rows[node]
    assert [worker.share for worker in workers] == [share_of(batch, rank, 5) for rank in range(5)]


def test_nodes_take_parts_in_proportion_to_their_workers() -> None:
    views = views_table(SIZE)
    starts = np.arange(0, 121, 4)
    selection = select(views, SelectConfig(), seed=0)
    nodes = [0, 0, 0, 1]
    sizes = [4 * len(part_shards(starts, selection, nodes, node)) for node in (0, 1)]
    assert sum(sizes) == 120
    assert sizes[0] == pytest.approx(90, abs=4)


GB = 10**9


def test_samples_go_where_there_is_room() -> None:
    small, large = Room("10.0.0.1", False, 100 * GB, 64 * GB), Room("10.0.0.2", False, 900 * GB, 640 * GB)
    cache = Path("/cache")

    def place(wanted: str, whole: int, rooms: list[Room], workers: int = 8) -> str:
        return chosen_place(wanted, whole * GB, whole * GB, rooms, workers, cache)

    assert place("auto", 50, [small, large]) == "node"
    assert place("auto", 80, [small, large]) == "parts"  # beyond the memory of one
    assert place("auto", 80, [small]) == "node"  # parts of one node would help nobody
    assert place("auto", 80, [small, large], workers=1) == "node"
    assert place("auto", 150, [small, large]) == "parts"
    assert place("auto", 150, [dataclasses.replace(small, there=True)]) == "node"
    assert place("node", 80, [small, large]) == "node"
    assert place("parts", 5, [small, large]) == "parts"


@pytest.mark.parametrize(
    ("wanted", "mend"),
    [
        ("auto", "set TURNERY_CACHE .* --train.samples parts"),
        ("node", "set TURNERY_CACHE .* --train.samples parts"),
        ("device", "set TURNERY_CACHE .* --train.samples parts"),
        ("parts", "set TURNERY_CACHE .* more nodes"),
    ],
)
def test_samples_that_fit_nowhere_are_refused_before_they_are_decoded(wanted: str, mend: str) -> None:
    rooms = [Room(f"10.0.0.{index}", False, 100 * GB, 64 * GB) for index in (1, 2)]
    with pytest.raises(UserError, match=rf"on a node, 10\.0\.0\.1 has 100\.0 GB for them in /cache: {mend}"):
        chosen_place(wanted, 336 * GB, 336 * GB, rooms, 2, Path("/cache"))


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return make_dataset(tmp_path, size=32)


def work_of(dataset: Dataset) -> list[tuple[Shard, list[str]]]:
    keys = keys_of(dataset)
    return [(shard, keys[shard.name]) for shard in dataset.manifest.shards]


def decoded(dataset: Dataset, **changes: object) -> list[np.ndarray]:
    """The first shard's views, its entry changed."""
    shard, keys = work_of(dataset)[0]
    return list(decode(dataset.shard_path(shard.name), shard.model_copy(update=changes), 32, keys))


def test_the_packed_file_holds_the_shards_pictures_in_the_datasets_order(dataset: Dataset, tmp_path: Path) -> None:
    path, said = tmp_path / "cache" / "packed.npy", list[int]()
    pack_here(path, dataset.storage, work_of(dataset), 32, said.append)
    assert sum(said) == 120
    selection = select(dataset.views, SelectConfig(), seed=0)
    kept = open_samples(path, selection, dataset.views[["azimuth_deg", "elevation_deg"]].to_numpy())
    for index in (0, 63, 64, 71, 72, 119):
        expected = dataset.pictures([dataset.views["key"].iloc[index]])[0]
        assert np.array_equal(kept.rgba[index], expected)
    assert isinstance(kept.rgba, np.memmap)
    assert [file.name for file in path.parent.iterdir()] == ["packed.npy"]


def test_every_worker_of_several_decodes_whole_shards(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "1", "WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    assert sum(len(views) for views in decoded(dataset)) == 72


def test_a_shard_that_was_changed_is_refused_and_nothing_is_left(dataset: Dataset, tmp_path: Path) -> None:
    path = dataset.shard_path(dataset.manifest.shards[1].name)
    path.write_bytes(path.read_bytes() + b"\0" * 512)
    with pytest.raises(UserError, match=r"table-000000.tar differs from its SHA-256"):
        pack_here(tmp_path / "cache" / "packed.npy", dataset.storage, work_of(dataset), 32)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_shard_with_too_few_samples_or_other_views_is_refused(dataset: Dataset) -> None:
    with pytest.raises(UserError, match=r"holds 72 samples, manifest\.json says 73"):
        decoded(dataset, samples=73)
    shard, keys = work_of(dataset)[0]
    with pytest.raises(UserError, match=r"chair-000000\.tar holds other views than views\.parquet says"):
        list(decode(dataset.shard_path(shard.name), shard, 32, [*keys[:-1], "chair_x_v000"]))


def test_a_manifest_and_a_table_of_different_datasets_are_refused(dataset: Dataset) -> None:
    check_against_manifest(dataset)
    manifest, views = dataset.manifest, dataset.views

    def refused(match: str, **changes: object) -> None:
        other = dataclasses.replace(
            dataset,
            manifest=manifest.model_copy(update={k: v for k, v in changes.items() if k != "views"}),
            views=changes.get("views", views),
        )
        with pytest.raises(UserError, match=match):
            check_against_manifest(other)

    chair, table = manifest.shards
    refused("do not give its digest", shards=[chair, table.model_copy(update={"sha256": "0"})])
    refused(
        "has 72 views of chair-000000.tar, manifest.json says 71",
        shards=[chair.model_copy(update={"samples": 71}), table.model_copy(update={"samples": 49})],
    )
    refused("another order", views=views.iloc[::-1])
    refused("the classes chair, table, manifest.json chair, sofa", classes=["chair", "sofa"])
    renamed = [style.model_copy(update={"id": "z"}) if style.index == 3 else style for style in manifest.styles]
    refused(r"differ in style 3 \(table d\)", styles=renamed)


def test_packed_files_without_room_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "packed.npy"
    with pytest.raises(UserError, match=r"cannot keep decoded samples in .*: (No space left|File too large).*parts"):
        begin_packing(path, 1 << 30, 256)
    assert list(path.parent.iterdir()) == []
    assert packed_bytes(1_300_000, 256) == pytest.approx(341e9, rel=0.01)  # cars-256 and its like


def test_a_cache_that_cannot_be_written_is_said_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="set TURNERY_CACHE"):
        begin_packing(tmp_path / "file" / "below" / "packed.npy", 1, 8)


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
