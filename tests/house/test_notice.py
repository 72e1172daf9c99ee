"""Every data file has its source, copyright line and licence in NOTICE."""

from __future__ import annotations

import re
import tomllib

from tests.house.sources import ROOT, files

NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")
DATA = {".csv", ".parquet", ".json", ".jsonl", ".xml", ".npz", ".txt", ".dat"}
TEXTS_OF_OURS = {"constraints.txt"}
QUOTED = "none: single measured numbers"
"""In place of copyright line and licence: facts out of a text, whose words are not copied."""


def sections() -> list[str]:
    """Parts of NOTICE that list files."""
    parts = re.split(r"\n\n\n", NOTICE)
    return [part for part in parts if "Files:" in part]


def test_every_data_file_is_listed() -> None:
    data = {
        str(path)
        for path in files()
        if path.suffix in DATA and path.parts[0] != "LICENSES" and path.name not in TEXTS_OF_OURS
    }
    listed = {word for section in sections() for word in section.split() if (ROOT / word).is_file()}
    assert data <= listed
    assert {word for word in NOTICE.split() if word.endswith(".csv")} <= data, "listed but gone"


def test_every_section_names_source_copyright_and_licence() -> None:
    for section in sections():
        if section.count(QUOTED) == 2:
            assert re.search(r"\b20\d\d\b", section.partition("\nSource: ")[2]), section
            continue
        assert re.search(r"^Source: .*\bcommit [0-9a-f]{10}", section, re.MULTILINE), section
        holder = r"(Copyright \(c\) \d{4}|none: dedicated to the public domain by) \w"
        assert re.search(rf"^Copyright: +{holder}", section, re.MULTILINE), section
        licence = re.search(r"^Licence: +(\S+)$", section, re.MULTILINE)
        assert licence, section
        assert (ROOT / "LICENSES" / f"{licence[1]}.txt").is_file()


def test_the_licence_expression_is_what_code_and_data_ask_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = re.findall(r"^Licence: +(\S+)$", "\n".join(sections()), re.MULTILINE)
    data = set(found)
    assert set(project["license"].split(" AND ")) == {"Apache-2.0", *data}
    texts = {path.stem for path in (ROOT / "LICENSES").iterdir()}
    assert texts == {"Apache-2.0", *data}
    assert (ROOT / "LICENSE").read_bytes() == (ROOT / "LICENSES" / "Apache-2.0.txt").read_bytes()
