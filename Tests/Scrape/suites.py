"""The suites of the end-to-end tests, for crawls."""

import importlib.util
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "EndToEnd"), str(HERE.parent / "Support")]

spec = importlib.util.spec_from_file_location("end_to_end", HERE.parent / "EndToEnd" / "conftest.py")
end_to_end = importlib.util.module_from_spec(spec)
spec.loader.exec_module(end_to_end)
