"""Executable memory.

Pages are private and anonymous, and are either writable or executable, never both (W^X): a block is written while its
own pages are read-write, then flipped to read-execute before its address is given out. Kernels in other blocks can
run meanwhile. After ``fork`` parent and child have independent copies. Blocks are whole pages, taken first-fit from
segments; a freed block is reused by later ones, and a segment without blocks is unmapped (one is kept for the next).
"""

from __future__ import annotations

import ctypes
import mmap
import threading

PAGE = mmap.PAGESIZE
SEGMENT = 1 << 20  # bytes

_READ_WRITE = mmap.PROT_READ | mmap.PROT_WRITE
_READ_EXECUTE = mmap.PROT_READ | mmap.PROT_EXEC


class Block:
    """Machine code at ``address``; the memory is released when the last reference to the block goes."""

    __slots__ = ("_arena", "_pages", "_segment", "_start", "address", "size")

    def __init__(self, arena: Arena, segment: _Segment, start: int, pages: int, size: int) -> None:
        self._arena, self._segment, self._start, self._pages = arena, segment, start, pages
        self.address, self.size = segment.address + start * PAGE, size

    def __del__(self) -> None:
        self._arena._free(self._segment, self._start, self._pages)


class Arena:
    """A pool of executable blocks. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # re-entrant: a block may be collected while another one is placed
        self._segments: list[_Segment] = []

    @property
    def mapped(self) -> int:
        """Bytes of address space held."""
        return sum(segment.pages * PAGE for segment in self._segments)

    @property
    def used(self) -> int:
        """Bytes in live blocks."""
        return sum(segment.used * PAGE for segment in self._segments)

    def place(self, code: bytes) -> Block:
        """Copy ``code`` to executable memory, aligned to a page. OSError if the system forbids executable memory."""
        pages = -(-len(code) // PAGE)
        with self._lock:
            segment, start = self._take(pages)
        try:
            segment.write(start, pages, code)
        except BaseException:
            self._free(segment, start, pages)
            raise
        return Block(self, segment, start, pages, len(code))

    def _take(self, pages: int) -> tuple[_Segment, int]:
        for segment in self._segments:
            start = segment.take(pages)
            if start is not None:
                return segment, start
        segment = _Segment(max(SEGMENT // PAGE, pages))
        self._segments.append(segment)
        start = segment.take(pages)
        assert start is not None
        return segment, start

    def _free(self, segment: _Segment, start: int, pages: int) -> None:
        with self._lock:
            segment.give(start, pages)
            if segment.used == 0 and len(self._segments) > 1:
                self._segments.remove(segment)
                segment.unmap()

    def close(self) -> None:
        """Unmap everything without live blocks."""
        with self._lock:
            for segment in [s for s in self._segments if s.used == 0]:
                self._segments.remove(segment)
                segment.unmap()


class _Segment:
    """One mapping, and which of its pages are free as a sorted list of ``[start, end)`` runs."""

    def __init__(self, pages: int) -> None:
        self.pages, self.used = pages, 0
        self.memory = mmap.mmap(-1, pages * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=_READ_WRITE)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        self.runs = [(0, pages)]

    def take(self, pages: int) -> int | None:
        for i, (start, end) in enumerate(self.runs):
            if end - start >= pages:
                self.runs[i : i + 1] = [(start + pages, end)] if end - start > pages else []
                self.used += pages
                return start
        return None

    def give(self, start: int, pages: int) -> None:
        end = start + pages
        i = next((i for i, (s, _) in enumerate(self.runs) if s > start), len(self.runs))
        if i < len(self.runs) and self.runs[i][0] == end:
            end = self.runs.pop(i)[1]
        if i > 0 and self.runs[i - 1][1] == start:
            i -= 1
            start = self.runs.pop(i)[0]
        self.runs.insert(i, (start, end))
        self.used -= pages

    def write(self, start: int, pages: int, code: bytes) -> None:
        at = start * PAGE
        self.protect(at, pages * PAGE, _READ_WRITE)
        self.memory[at : at + len(code)] = code
        self.protect(at, pages * PAGE, _READ_EXECUTE)

    def protect(self, at: int, size: int, protection: int) -> None:
        if _mprotect(self.address + at, size, protection) != 0:
            error = ctypes.get_errno()
            raise OSError(error, "the operating system refuses executable memory (mprotect)")

    def unmap(self) -> None:
        self.memory.close()


_mprotect = ctypes.CDLL(None, use_errno=True).mprotect
_mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)

ARENA = Arena()
