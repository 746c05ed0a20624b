"""What a glTF document would make an importer read and draw, counted before it does."""

from __future__ import annotations

from render.config import LimitsConfig
from render.vetting.container import Container, Json, rows

COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}


def check(document: Json, file: Container, limits: LimitsConfig) -> None:
    """Refuse a document whose pieces lie outside of its buffers, whose nodes are no tree, or that draws too much."""
    counts = _Counts(document, file, limits)
    counts.views()
    counts.accessors()
    counts.faces()


class _Counts:
    def __init__(self, document: Json, file: Container, limits: LimitsConfig) -> None:
        self._file, self._limits = file, limits
        names = ("buffers", "bufferViews", "accessors", "meshes", "nodes")
        self._rows = {name: rows(document, name, file) for name in names}
        self._most = max(3 * limits.faces, 1_000_000)
        self._read = 0

    def views(self) -> None:
        """Every buffer view lies in its buffer."""
        for index, view in enumerate(self._rows["bufferViews"]):
            buffer = self._rows["buffers"][self._index(view, "buffer", "buffers", f"bufferView {index}")]
            offset, length = self._whole(view, "byteOffset", 0), self._whole(view, "byteLength", None)
            if offset + length > buffer["byteLength"]:
                raise self._file.refuse(f"has bufferView {index} that ends beyond its buffer")
            if "byteStride" in view and not 4 <= self._whole(view, "byteStride", 0) <= 252:
                raise self._file.refuse(f"has bufferView {index} with a stride that is not 4 to 252")

    def accessors(self) -> None:
        """Every accessor lies in its view and is no larger than a model may be."""
        for index, accessor in enumerate(self._rows["accessors"]):
            name = f"accessor {index}"
            component = COMPONENT_BYTES.get(self._whole(accessor, "componentType", None))
            elements = COMPONENTS.get(str(accessor.get("type")))
            if component is None or elements is None:
                raise self._file.refuse(f"has {name} of an unknown type")
            count = self._whole(accessor, "count", None)
            self._few_enough(count, name)
            self._inside(accessor, count, component * elements, name)
            sparse = accessor.get("sparse")
            if sparse is None:
                continue
            if not isinstance(sparse, dict):
                raise self._file.refuse(f"has {name} with a broken 'sparse'")
            changed = self._whole(sparse, "count", None)
            self._few_enough(changed, name)
            for part, size in (("indices", None), ("values", component * elements)):
                piece = sparse.get(part)
                if not isinstance(piece, dict):
                    raise self._file.refuse(f"has {name} with a broken 'sparse'")
                each = size or COMPONENT_BYTES.get(self._whole(piece, "componentType", None), 4)
                self._inside(piece, changed, each, name)

    def faces(self) -> None:
        """All meshes as often as nodes show them draw no more than the limit."""
        meshes = [self._mesh(index, mesh) for index, mesh in enumerate(self._rows["meshes"])]
        nodes = self._rows["nodes"]
        parent: dict[int, int] = {}
        for index, node in enumerate(nodes):
            children = node.get("children", [])
            if not isinstance(children, list):
                raise self._file.refuse(f"has node {index} whose children are no list")
            for child in children:
                if not isinstance(child, int) or not 0 <= child < len(nodes) or child in parent:
                    raise self._file.refuse(f"has node {index} with a child that is missing or another's")
                parent[child] = index
        roots = [index for index in range(len(nodes)) if index not in parent]
        reached, todo = 0, roots
        while todo:
            children = [child for index in todo for child in nodes[index].get("children", [])]
            reached, todo = reached + len(todo), children
        if reached < len(nodes):
            raise self._file.refuse("has nodes that are their own ancestors")
        total = 0
        for index, node in enumerate(nodes):
            if "mesh" in node:
                shown = meshes[self._index(node, "mesh", "meshes", f"node {index}")]
                total += shown * self._instances(node, index)
        if total > self._limits.faces:
            raise self._file.refuse(f"draws {total:,} faces, the limit is {self._limits.faces:,} (limits.faces)")
        if total == 0:
            raise self._file.refuse("holds no faces")

    def _mesh(self, index: int, mesh: Json) -> int:
        name = f"mesh {index}"
        primitives = mesh.get("primitives", [])
        if not isinstance(primitives, list) or not all(isinstance(part, dict) for part in primitives):
            raise self._file.refuse(f"has {name} whose primitives are no list")
        faces = 0
        for part in primitives:
            targets = part.get("targets", [])
            sets = [part.get("attributes", {}), *(targets if isinstance(targets, list) else [None])]
            if not all(isinstance(values, dict) for values in sets):
                raise self._file.refuse(f"has {name} with broken attributes")
            corners = 0
            for values in sets:
                for key in values:
                    count = self._accessor(values, key, name)["count"]
                    corners = count if key == "POSITION" and values is sets[0] else corners
                    # An importer reads each again for each primitive, however many share one accessor.
                    self._read += count
            if "indices" in part:
                corners = self._accessor(part, "indices", name)["count"]
            mode = part.get("mode", 4)
            faces += corners // 3 if mode == 4 else max(corners - 2, 0) if mode in (5, 6) else 0
        if self._read > 16 * self._most:
            raise self._file.refuse(f"has meshes of more than {16 * self._most:,} values (limits.faces)")
        return faces

    def _instances(self, node: Json, index: int) -> int:
        more = node.get("extensions")
        many = more.get("EXT_mesh_gpu_instancing") if isinstance(more, dict) else None
        placed = many.get("attributes") if isinstance(many, dict) else None
        if not isinstance(placed, dict):
            return 1
        return max([1, *(self._accessor(placed, key, f"node {index}")["count"] for key in placed)])

    def _accessor(self, holder: Json, key: str, name: str) -> Json:
        return self._rows["accessors"][self._index(holder, key, "accessors", name)]

    def _index(self, holder: Json, key: str, where: str, name: str) -> int:
        value = holder.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < len(self._rows[where]):
            raise self._file.refuse(f"has {name} that points to no one of its {where}")
        return value

    def _whole(self, holder: Json, key: str, default: int | None) -> int:
        value = holder.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._file.refuse(f"holds a '{key}' that is no whole number")
        return value

    def _few_enough(self, count: int, name: str) -> None:
        if count > self._most:
            raise self._file.refuse(f"has {name} of {count:,} elements, the limit is {self._most:,} (limits.faces)")

    def _inside(self, accessor: Json, count: int, size: int, name: str) -> None:
        if accessor.get("bufferView") is None:
            return
        view = self._rows["bufferViews"][self._index(accessor, "bufferView", "bufferViews", name)]
        stride = view.get("byteStride") or size
        end = self._whole(accessor, "byteOffset", 0) + (stride * (count - 1) + size if count else 0)
        if end > view["byteLength"]:
            raise self._file.refuse(f"has {name} that ends beyond its bufferView")
