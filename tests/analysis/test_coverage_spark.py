"""Coverage on a real local Spark cluster of two workers: the same table to the last digit."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import time
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from civmap.analysis import coverage_spark
from civmap.analysis.coverage import coverage
from civmap.analysis.coverage_spark import coverage_on_spark
from civmap.errors import AnalysisError

PASSES = Path(__file__).resolve().parents[2] / "data" / "afghanistan" / "demonstration" / "passes.parquet"


@pytest.fixture
def spark_is_there() -> None:
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("no pyspark: pip install -r requirements-spark.txt")
    if shutil.which("java") is None:
        pytest.skip("no Java on the path: Debian's default-jre-headless")


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")  # 2026-11, pyspark 4.3.0
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # 2026-11: py4j leaves its sockets to the collector
@pytest.mark.usefixtures("spark_is_there")
def test_two_workers_give_the_table_that_threads_give(tmp_path: Path) -> None:
    table = pq.read_table(PASSES)
    files = []
    for number in range(4):
        files.append(tmp_path / f"part{number}.parquet")
        pq.write_table(table.slice(number * 3000, 3000), files[-1], row_group_size=1000)
    options = {"resolution": 6, "time_zone": "Asia/Kabul", "assumed_view_degrees": 60.0}
    spark = coverage_on_spark(files, master="local-cluster[2,1,1024]", **options)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(spark, coverage(files, **options))  # type: ignore[arg-type]
    assert len(spark) > 8000


def test_a_master_that_does_not_answer_is_named_and_not_waited_for() -> None:
    began = time.monotonic()
    with pytest.raises(AnalysisError, match="does not answer") as caught:
        coverage_on_spark([PASSES], master="spark://127.0.0.1:9")
    assert "threads give the same table" in str(caught.value)
    assert time.monotonic() - began < 60, "it hangs"


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # 2026-11: py4j leaves its sockets to the collector
@pytest.mark.usefixtures("spark_is_there")
def test_a_master_that_listens_and_says_nothing_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("civmap.analysis.coverage_spark.START_SECONDS", 8.0)
    monkeypatch.setattr("civmap.analysis.coverage_spark.WORKERS_SECONDS", 4.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(AnalysisError, match=f"127.0.0.1:{port} does not answer") as caught:
            coverage_on_spark([PASSES], master=f"spark://127.0.0.1:{port}")
    assert "seconds" in str(caught.value)


def test_of_several_masters_one_that_listens_will_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one:
        coverage_spark._answers(f"spark://127.0.0.1:9,127.0.0.1:{one.getsockname()[1]}")
    with pytest.raises(AnalysisError, match="does not answer"):
        coverage_spark._answers("spark://127.0.0.1:9,127.0.0.1:10")


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(AnalysisError, match="no such file"):
        coverage_on_spark(["absent.parquet"], master="local[1]")
