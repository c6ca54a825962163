"""Dumps: tasks of the library in a folder, as notebooks, JSON Lines and Parquet, and back into another library.
May use the library, the sessions' codec, the domain and the export of notebooks; the command line calls it.
Never touches live sessions, never calls a model, and writes nothing of a dump that it has not checked as a whole.
Owned and closed by nobody: the library is the caller's.
Tests in tests/core/hunting/dump.
"""
