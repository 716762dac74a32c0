"""Real models, saved here and loaded in processes of their own."""

from benchmarks.engine.fresh import loaded
from benchmarks.engine.stored import example, trained


def test_what_is_loaded_trains_in_a_fresh_process_and_a_broken_one_has_no_time(tmp_path):
    files = {name: tmp_path / f"{name}.keras" for name in ("control", "functional_bool_input")}
    data = example("image", "large", 1)
    for name, file in files.items():
        trained("image", name, "large", data).save(file)
    assert files["functional_bool_input"].stat().st_size > 40e6
    found = loaded(files, "image", "cpu", "large")
    assert found["control"] == {}, "its optimizer has lost its state, and refuses to step"
    assert found["functional_bool_input"]["load_fresh"] > 0
