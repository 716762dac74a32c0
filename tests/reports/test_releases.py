"""The table of Keras' releases."""

from reports.releases import main, table
from reports.results import read
from tests.reports.factory import Folder
from tests.reports.machine import altered


def release(folder, keras, tensorflow="2.21.0", measure=None, **run):
    facts = {"keras": keras, "tensorflow-cpu": tensorflow}
    more = {"measure": measure} if measure else {}
    folder.add(environment=f"virtualenv-keras{keras}", facts=facts, **more, **run)


def rows(page, remedy):
    lines = (line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| "))
    return {cells[0]: cells for cells in lines if cells[2] == f"`{remedy}`"}


def test_releases_come_in_their_order_with_the_tensorflow_they_ran_on(folder: Folder) -> None:
    for keras in ("3.10.0", "3.9.2", "3.5.0"):
        release(folder, keras, "2.16.2" if keras == "3.5.0" else "2.21.0")
    found = rows(table(read(folder.root)), "control")
    assert list(found) == ["3.5.0", "3.9.2", "3.10.0"]
    assert found["3.5.0"][1] == "2.16.2"


def test_what_a_release_changes_shows_in_its_row_alone(folder: Folder) -> None:
    def fixed(metric, cell, value):
        return 0 if metric == "weights_lost" and cell["remedy"] == "control" else value

    release(folder, "3.14.1")
    release(folder, "3.15.1", measure=altered(fixed))
    found = rows(table(read(folder.root)), "control")
    assert found["3.14.1"][3] != "0" and found["3.15.1"][3] == "0"


def test_the_newest_measurement_of_a_release_counts(folder: Folder) -> None:
    def slow(metric, cell, value):
        tf_cast = metric == "train_step_ratio" and cell["remedy"] == "tf_cast"
        return (9.0, 0.1, 50) if tf_cast and isinstance(value, tuple) else value

    release(folder, "3.15.1", measure=altered(slow), commit="a" * 40, started_at=2_000)
    release(folder, "3.15.1", commit="b" * 40, started_at=1_000)
    assert rows(table(read(folder.root)), "tf_cast")["3.15.1"][8].startswith("9.000 [8.9")


def test_a_ratio_that_was_not_measured_is_a_dash(folder: Folder) -> None:
    release(folder, "3.15.1")
    assert rows(table(read(folder.root)), "ops_where")["3.15.1"][8] == "\N{EN DASH}"


def test_nothing_to_show_is_one_line(tmp_path, capsys) -> None:
    assert main(["--results", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_it_says_where_it_was_measured_and_how_to_do_so_again(folder: Folder) -> None:
    for keras in ("3.14.1", "3.15.1"):
        release(folder, keras)
    told = table(read(folder.root)).splitlines()[-1]
    assert told.count("Imaginary CPU 3000, cores 4") == 1
    assert "`scripts/track_keras --releases 3.5..latest`" in told
