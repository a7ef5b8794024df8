"""The tensors of checkpoint.py in every form that .pth files have had, for src/checkpoint/pth/forms.test.ts.

Run: python checkpoint-forms.py (torch 2.13). Each file that PyTorch can still read is read back here and compared.
What no PyTorch writes any more (the tar archive, named views of storages, the first rebuilder) is written by hand.
"""
import collections
import io
import pathlib
import pickle
import struct
import tarfile

import torch

out = pathlib.Path(__file__).parent / "checkpoint"
MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
SYSTEM = dict(protocol_version=VERSION, little_endian=True, type_sizes=dict(short=2, int=4, long=8))
BIG_ENDIAN = {**SYSTEM, "little_endian": False}

base = torch.arange(12, dtype=torch.float32).reshape(3, 4)
tensors = collections.OrderedDict(
    plain=base,
    transposed=base.t(),
    view=base[1:, ::2],
    row=base[2],
    expanded=torch.tensor([3.0]).expand(2, 2),
    scalar=torch.tensor(2.5),
    empty=torch.zeros(0, 3),
    half=torch.tensor([1.5, -2.0, 65504.0, 6e-8], dtype=torch.float16),
    double=torch.tensor([0.1], dtype=torch.float64),
    long=torch.tensor([-5, 2**40]),
    byte=torch.tensor([0, 255], dtype=torch.uint8),
)
# the element types and classes that the tar archive is older than
newer = collections.OrderedDict(
    tensors,
    brain=torch.tensor([1.5, -3.0], dtype=torch.bfloat16),
    flag=torch.tensor([True, False]),
    parameter=torch.nn.Parameter(torch.tensor([7.0])),
)


def same(read, expected):
    assert list(read) == list(expected), list(read)
    for name, tensor in expected.items():
        assert torch.equal(read[name], tensor) and read[name].dtype == tensor.dtype, name


NAMES = {
    torch.float32: "Float", torch.float64: "Double", torch.float16: "Half", torch.int64: "Long", torch.uint8: "Byte",
}


def storage_class(dtype):
    return getattr(torch, NAMES[dtype] + "Storage")


def tensor_class(dtype):
    return getattr(torch, NAMES[dtype] + "Tensor")


def raw(tensor):
    storage = tensor.untyped_storage()
    return bytes(storage), storage.nbytes() // tensor.element_size()


def dump(*values):
    return b"".join(pickle.dumps(value, protocol=2) for value in values)


# zip form with the framing of newer pickles, and without the entry that tells the byte order
for protocol in (3, 4, 5):
    torch.save(newer, out / f"forms-zip-protocol{protocol}.pth", pickle_protocol=protocol)
    same(torch.load(out / f"forms-zip-protocol{protocol}.pth", weights_only=False), newer)

# legacy pickle, by PyTorch
torch.save(newer, out / "forms-pickle.pth", _use_new_zipfile_serialization=False)
same(torch.load(out / "forms-pickle.pth", weights_only=True), newer)


class OldTensor:
    """What `_rebuild_tensor`, the first rebuilder, makes a tensor of; the storage is part `view` of `tensor`'s."""

    def __init__(self, tensor, view=None):
        self.tensor, self.view = tensor, view

    def __reduce__(self):
        offset = 0 if self.view else self.tensor.storage_offset()
        args = (Storage(self.tensor, self.view), offset, tuple(self.tensor.shape), self.tensor.stride())
        return torch._utils._rebuild_tensor, args


class Storage:
    def __init__(self, tensor, view):
        self.tensor, self.view = tensor, view


def legacy_pickle(value, system=SYSTEM):
    """The pickles and storages of the legacy form; `value` has OldTensors."""
    storages = {}

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            if not isinstance(thing, Storage):
                return None
            key = str(thing.tensor.untyped_storage().data_ptr())
            storages[key] = thing.tensor
            count = raw(thing.tensor)[1]
            return ("storage", storage_class(thing.tensor.dtype), key, "cpu", count, thing.view)

    stream = io.BytesIO()
    Pickler(stream, protocol=2).dump(value)
    keys = sorted(storages)
    data = b"".join(struct.pack("<q", raw(storages[key])[1]) + raw(storages[key])[0] for key in keys)
    return dump(MAGIC, VERSION, system) + stream.getvalue() + dump(keys) + data


byhand = collections.OrderedDict((name, OldTensor(tensor)) for name, tensor in tensors.items())
byhand["row"] = OldTensor(base[2], ("view of base", 8, 4))
(out / "forms-pickle-views.pth").write_bytes(legacy_pickle(byhand))
same(torch.load(out / "forms-pickle-views.pth", weights_only=True), tensors)
(out / "forms-pickle-big-endian.pth").write_bytes(legacy_pickle({"w": OldTensor(base)}, BIG_ENDIAN))


def tar_form(state, system=SYSTEM, padded=False):
    """storages: count, then (key, device, class), count of elements, bytes; views. tensors: count, then (key, storage,
    class), rank, sizes, strides, offset. pickle: the value, in which tensors are persistent ids."""
    roots, keys = {}, {}
    for index, tensor in enumerate(state.values()):
        roots.setdefault(tensor.untyped_storage().data_ptr() if tensor.numel() else -index, (1000 + index, tensor))
    storages = dump(len(roots))
    for key, tensor in roots.values():
        data, count = raw(tensor)
        storages += dump((key, "cpu", storage_class(tensor.dtype))) + struct.pack("<q", count) + data
    (base_key, _), view_key = roots[base.untyped_storage().data_ptr()], 5000
    storages += dump([(view_key, base_key, 8, 4)])
    described = dump(len(state))
    for index, (name, tensor) in enumerate(state.items()):
        keys[name] = 140_000_000_000_000 + index
        root = roots[tensor.untyped_storage().data_ptr() if tensor.numel() else -index][0]
        storage, offset = (view_key, 0) if name == "row" else (root, tensor.storage_offset())
        described += dump((keys[name], storage, tensor_class(tensor.dtype)))
        described += struct.pack("<i4x", tensor.dim())
        described += struct.pack(f"<{2 * tensor.dim() + 1}q", *tensor.shape, *tensor.stride(), offset)

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            return str(keys[thing.name]) if isinstance(thing, Key) else None

    class Key:
        def __init__(self, name):
            self.name = name

    stream = io.BytesIO()
    Pickler(stream, protocol=2).dump(collections.OrderedDict((name, Key(name)) for name in state))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:", format=tarfile.PAX_FORMAT) as tar:
        members = dict(sys_info=dump(system), pickle=stream.getvalue(), tensors=described, storages=storages)
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mtime = 1.5 if padded else 0  # a part of a second needs an extended header, as most real files have
            tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()


(out / "forms-tar.pth").write_bytes(tar_form(tensors))
(out / "forms-tar-extended.pth").write_bytes(tar_form(tensors, padded=True))
(out / "forms-tar-big-endian.pth").write_bytes(tar_form(tensors, BIG_ENDIAN))
for name in ("forms-tar", "forms-tar-extended"):
    same(torch.load(out / f"{name}.pth", weights_only=False), tensors)


class Evil:
    def __reduce__(self):
        import os

        return (os.system, ("echo harm",))


torch.save({"weight": torch.ones(1), "extra": Evil()}, out / "forms-pickle-evil.pth", _use_new_zipfile_serialization=False)
