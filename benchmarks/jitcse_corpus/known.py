"""What the usual Python functions and methods return and do, by the last part of their names."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


INT_RESULTS = _words(
    """len ord int hash id round index find rfind rindex count bit_length fileno tell isinstance issubclass hasattr
    callable startswith endswith isdigit isalpha isalnum isspace isupper islower isidentifier any all bool floor ceil
    trunc exists isfile isdir is_dir is_file monotonic_ns time_ns is_set getrefcount"""
)
DOUBLE_RESULTS = _words(
    """float sqrt sin cos tan asin acos atan atan2 exp log log2 log10 pow hypot fabs fsum fmod ldexp gamma lgamma erf
    random uniform gauss time monotonic perf_counter total_seconds mktime degrees radians"""
)
REF_RESULTS = _words(
    """str repr list dict set tuple bytes bytearray format join split strip lstrip rstrip replace lower upper encode
    decode items keys values copy open sorted reversed map filter zip getattr type super splitlines rsplit"""
)
GROWERS = _words("append extend insert pop remove sort reverse clear appendleft popleft")  # of lists
MAP_METHODS = _words("keys items values setdefault")
ARRAY_RESULTS = _words("sorted list tuple reversed split rsplit splitlines")
MATH = _words("sqrt sin cos tan asin acos atan atan2 exp log log2 log10 hypot fabs fmod floor ceil trunc pow")
BUILTIN_TYPES = _words("int float str bytes list dict set tuple bool object type frozenset bytearray complex")
CHARACTER_METHODS = _words(
    """split rsplit strip lstrip rstrip find rfind index rindex replace count partition rpartition startswith endswith
    join ljust rjust center write"""
)  # of strings and writers that C# has for a character, too


def is_constant_name(name: str) -> bool:
    """Whether a name is spelt like a constant."""
    return name.isupper() and len(name.strip("_")) > 1


def is_class_name(name: str) -> bool:
    """Whether a name is spelt like a class."""
    return name.lstrip("_")[:1].isupper()
