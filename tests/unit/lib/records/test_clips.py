"""The list of clips: what is refused and how, what survives a round trip, what never changes."""

import os
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scripts.lib.jobs.errors import UserError
from scripts.lib.records.clips import (
    COLUMNS,
    LONGEST_ID,
    SAFE_ID,
    Clip,
    count_windows,
    cut_shards,
    extend_with_folder,
    fingerprint,
    list_folder,
    metadata_digest,
    read_manifest,
    shard_clips,
    write_manifest,
)
from scripts.lib.tables.rows import is_formula

# File names on Linux are bytes: what is no UTF-8 arrives as lone surrogates.
names = st.binary(min_size=1, max_size=12).map(os.fsdecode).filter(lambda name: "/" not in name and "\0" not in name)
video_paths = st.builds(
    lambda folders, stem, suffix: "/".join([*folders, stem + suffix]),
    st.lists(names.filter(lambda name: name not in (".", "..")), max_size=2),
    names | st.sampled_from(["a b", "a_b", "a-b", "A-b", "Кино", "кино", "😀", "🎬🎬", "a", "ÄÖ", "_", "-"]),
    st.sampled_from([".mp4", ".mkv", ".MP4", ".webm", ".avi"]),
)
path_lists = st.lists(video_paths, min_size=1, max_size=12, unique=True)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10).map(str.strip)
plain_words = words.filter(lambda text: not is_formula(text))

table_texts = st.lists(words, min_size=8, max_size=40).map(lambda fields: f"{','.join(COLUMNS)}\n{','.join(fields)}")


@pytest.fixture(scope="module")
def read_text(tmp_path_factory):
    """Clips of a manifest with this text."""
    path = tmp_path_factory.mktemp("manifest") / "clips.csv"

    def read(text):
        path.write_text(text, encoding="utf-8", newline="")
        return read_manifest(path)

    return read


@pytest.fixture(scope="module")
def refusal_of(read_text):
    """The message with which a manifest's text is refused."""

    def refusal_of(text):
        with pytest.raises(UserError) as refusal:
            read_text(text)
        return str(refusal.value)

    return refusal_of


def test_every_problem_is_listed_with_its_line(refusal_of):
    """One look at the message is enough to mend the whole file."""
    message = refusal_of(
        "clip_id,path,year,start_time,end_time\n"
        "a,a.mp4,1999,,\n"
        "a,b.mp4,,,\n"
        "../x,c.mp4,,,\n"
        ",d.mp4,,,\n"
        "e,,,,\n"
        "f,f.mp4,last year,,\n"
        "g,g.mp4,,nan,\n"
        "h,h.mp4,,,inf\n"
        "i,i.mp4,,5,5\n"
        "j,j.mp4,,-1,\n"
        "k,k.mp4\n"
        "l,l.mp4,,,,,\n"
        "m,m.mp4,,ten,\n"
    )
    assert "has 12 problem(s)" in message
    for line, what in [
        (3, "clip_id 'a' is already used on line 2"),
        (4, "clip_id '../x' is empty or has characters other than A-Z a-z 0-9 _ -"),
        (5, "clip_id '' is empty"),
        (6, "path is empty"),
        (7, "year 'last year' is not a year"),
        (8, "start_time 'nan' is not a number of seconds, 0 or more"),
        (9, "end_time 'inf' is not a number of seconds"),
        (10, "the window ends at 5.0 s, not after its start at 5.0 s"),
        (11, "start_time '-1' is not a number of seconds"),
        (12, "the number of fields differs from the header's; quote fields that contain commas"),
        (13, "the number of fields differs"),
        (14, "start_time 'ten'"),
    ]:
        assert f"line {line}: {what}" in message


def test_lines_are_counted_as_an_editor_counts_them(refusal_of):
    """A quoted line break before the fault does not shift the line number."""
    assert "line 4:" in refusal_of('clip_id,path,title\na,a.mp4,"two\nlines"\nb,,\n')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["lacks the column(s) clip_id, path"]),
        (
            "id,path\na,a.mp4\n",
            ["lacks the column(s) clip_id", "unknown column(s) 'id'", "The columns are"],
        ),
        ("clip_id,path\n", ["lists no clip; add one row"]),
        ("clip_id;path\na;a.mp4\n", ["lacks", "'clip_id;path'"]),
        ('clip_id,path\na,"' + "x" * 200_000 + '"\n', ["not a valid CSV", "line 2"]),
    ],
)
def test_files_of_another_kind_are_refused_with_the_way_out(refusal_of, text, words):
    """Empty files, other columns, other separators, monstrous fields."""
    message = refusal_of(text)
    assert all(word in message for word in words), message


def test_unreadable_and_binary_files_are_refused(tmp_path):
    """A missing file and one with NUL bytes end in a sentence."""
    with pytest.raises(UserError, match="No such file"):
        read_manifest(tmp_path / "none.csv")
    (tmp_path / "film.mp4").write_bytes(b"clip_id,path\na,\0\0\n")
    with pytest.raises(UserError, match="NUL bytes"):
        read_manifest(tmp_path / "film.mp4")


def test_spreadsheets_exports_are_read(tmp_path):
    """A byte order mark, CRLF, blank lines, spaces and years with .0 are no faults."""
    path = tmp_path / "clips.csv"
    path.write_bytes("\ufeffclip_id,path,year,end_time\r\n a ,кино.mp4,1999.0,2.5\r\n\r\nb,b.mp4,,\r\n".encode())
    assert read_manifest(path) == [Clip("a", "кино.mp4", year="1999.0", end_time=2.5), Clip("b", "b.mp4")]


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200) | table_texts)
@example("clip_id,path,path\na,b,c")
@example("clip_id,path\n\0,\0")
@example('clip_id,path\na,"b')
@example("clip_id,path\r\na,b\rc")
def test_any_text_is_read_or_refused_in_words(read_text, text):
    """Nothing that a user can save as a manifest ends in a traceback."""
    try:
        assert read_text(text)
    except UserError as refusal:
        assert "clips.csv" in str(refusal)


clips = st.lists(
    st.builds(
        Clip,
        st.from_regex(SAFE_ID, fullmatch=True),
        video_paths,
        plain_words,
        plain_words,
        st.sampled_from(["", "1999"]),
        plain_words,
        st.none() | st.floats(0, 1e6),
        st.none() | st.floats(1e6 + 1, 1e9),
        st.none() | st.floats(0, 1e6),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda clip: clip.clip_id,
)


@settings(max_examples=200, deadline=None)
@given(clips)
@example([Clip("a", os.fsdecode(b"caf\xe9.mp4"), title="one, two\nthree")])
@example([Clip("a", "carriage\rreturn.mp4")])
@example([Clip("a", " leading space.mp4")])
def test_what_is_written_is_read_back(tmp_path_factory, written):
    """Any file name of the system, commas, quotes and line breaks reach the jobs unchanged."""
    path = tmp_path_factory.mktemp("manifest") / "manifest.csv"
    write_manifest(written, path)
    assert read_manifest(path) == written


@settings(max_examples=300, deadline=None)
@given(path_lists)
@example(
    [
        "a b.mp4",
        "a_b.mp4",
        "a-b.mp4",
        "A-B.mp4",
        "a b.mkv",
        "Кино.mp4",
        "кино.mkv",
        "😀.mp4",
        "🎬.mp4",
        "x/a.mp4",
        "x-a.mp4",
    ]
)
@example(["İ.mp4", "i.mp4", "ſ.mp4", "s.mp4", "K.mp4", "k.mp4"])
def test_ids_are_unique_and_safe_whatever_the_files_are_called(paths):
    """Ids name files and HDF5 groups, also on disks that do not tell upper from lower case."""
    made = extend_with_folder([], paths, "videos")
    assert [clip.path for clip in made] == paths
    assert all(SAFE_ID.fullmatch(clip.clip_id) for clip in made)
    assert len({clip.clip_id.lower() for clip in made}) == len(paths)


def test_ids_stay_unique_where_a_file_is_named_like_an_id():
    """The hash that tells two names apart may itself be a file's name."""
    first, second = extend_with_folder([], ["a.avi", "a.mkv"], "videos")
    crafted = [f"{second.clip_id}.mp4", first.path, second.path]
    assert len({clip.clip_id for clip in extend_with_folder([], crafted, "videos")}) == 3


def test_ids_of_long_names_are_short_enough_for_files():
    """And differ where the names do; the manifest made of them can be read."""
    made = extend_with_folder([], [f"{'x' * 200}/{'y' * 200}{number}.mp4" for number in range(3)], "videos")
    assert len({clip.clip_id for clip in made}) == 3
    assert max(len(clip.clip_id) for clip in made) <= LONGEST_ID


def test_ids_are_readable():
    """An id is made of the name where that is possible, so that people find their films again."""
    made = extend_with_folder([], ["films/The Third Man (1949).mp4", "Кино.mp4", "a_b.mp4", "a.b.mp4"], "videos")
    assert [clip.clip_id for clip in made] == ["films-The-Third-Man-1949", "Kino", "a_b", "a-b"]


@settings(max_examples=200, deadline=None)
@given(path_lists, path_lists, st.integers(1, 4))
def test_adding_files_changes_nothing_that_is_there(before, added, size):
    """Known clips keep ids and order, full shards their fingerprint, removed files their row."""
    known = extend_with_folder([], before, "videos")
    extended = extend_with_folder(known, [*added, before[-1]], "videos")
    assert extended[: len(known)] == known
    assert {clip.path for clip in extended} == {*before, *added}
    limits = {"shard_size": size, "shard_minutes": 30}
    old, new = cut_shards(known, limits), cut_shards(extended, limits)
    for shard, rows in old.items():
        if len(rows) == size:
            assert fingerprint(new[shard]) == fingerprint(rows)
    assert extend_with_folder(extended, before, "videos") == extended


def test_another_collection_and_an_empty_folder_are_refused():
    """A folder that shares nothing with the run's clips would make a mixture of two collections."""
    known = [Clip("a", "a.mp4"), Clip("b", "b.mp4")]
    with pytest.raises(UserError, match=r"contains none of the 2 clip\(s\).*--config run="):
        extend_with_folder(known, ["c.mp4"], "videos")
    with pytest.raises(UserError, match=r"folder videos contains no video; .*\.mp4"):
        extend_with_folder([], [], "videos")


def test_a_folder_is_listed_without_what_is_no_video(tmp_path):
    """Suffixes count in any case, subfolders are walked, hidden things left out, one line tells of the rest."""
    for name in (
        "b.mp4",
        "a.MKV",
        "sub/c.webm",
        "x.gif",
        "y.gif",
        "z.wav",
        "notes.TXT",
        "README",
        ".d.mp4",
        ".h/e.mp4",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = list_folder(tmp_path)
    assert found.videos == ("a.MKV", "b.mp4", "sub/c.webm")
    line = found.ignored_line()
    assert "\n" not in line
    assert line.startswith("Ignored 5 file(s)")
    assert all(part in line for part in ("2 .gif", "1 .wav", "1 .txt", "1 (none)"))
    assert list_folder(tmp_path / "sub").ignored_line() == ""
    with pytest.raises(UserError, match="is not a folder"):
        list_folder(tmp_path / "b.mp4")


def test_a_link_to_a_parent_folder_lists_nothing_twice(tmp_path):
    """A film reached by forty ways is still one film."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.mp4").touch()
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    assert list_folder(tmp_path).videos == ("sub/a.mp4",)


def test_files_of_a_folder_survive_the_manifest(tmp_path):
    """From the folder over the manifest to a job, a name stays what the system knows it by."""
    names = [os.fsdecode(b"caf\xe9.mp4"), "line\nbreak, comma.mp4", 'quo"te.mp4', " space.mp4", "carriage\rreturn.mp4"]
    for name in names:
        (tmp_path / name).touch()
    written = extend_with_folder([], list_folder(tmp_path).videos, tmp_path)
    write_manifest(written, tmp_path / "manifest.csv")
    assert all((tmp_path / clip.path).exists() for clip in read_manifest(tmp_path / "manifest.csv"))


def test_shards_have_fixed_names_and_sizes(tmp_path):
    """Names have five digits from 00000, all shards are full but the last, and a job finds its own."""
    clips = [Clip(f"c{index}", f"{index}.mp4") for index in range(250)]
    settings = {"clips": {"shard_size": 100, "shard_minutes": 30}}
    shards = cut_shards(clips, settings["clips"])
    assert {name: len(rows) for name, rows in shards.items()} == {"00000": 100, "00001": 100, "00002": 50}
    assert [clip for rows in shards.values() for clip in rows] == clips
    write_manifest(clips, tmp_path / "manifest.csv")
    assert shard_clips(tmp_path / "manifest.csv", "00002", settings) == clips[200:]
    with pytest.raises(UserError, match=r"3 shard\(s\), but not 00003"):
        shard_clips(tmp_path / "manifest.csv", "00003", settings)


durations = st.lists(st.none() | st.floats(0, 5) | st.sampled_from([60.0, 120.0]), max_size=30)


@settings(max_examples=300, deadline=None)
@given(durations, durations, st.integers(1, 5), st.sampled_from([0.01, 1, 2]))
def test_shards_are_full_by_number_or_by_footage(before, added, size, minutes):
    """None exceeds either limit but by one long clip; appended clips change no shard before the last."""
    limits = {"shard_size": size, "shard_minutes": minutes}
    clips = [Clip(f"c{number}", "x.mp4", duration=duration) for number, duration in enumerate([*before, *added])]
    shards = cut_shards(clips, limits)
    assert list(shards) == [f"{number:05d}" for number in range(len(shards))]
    assert [clip for shard in shards.values() for clip in shard] == clips
    footage = {name: sum(clip.duration or 0 for clip in shard) for name, shard in shards.items()}
    longest = 60 * minutes
    assert all(footage[name] <= longest or len(shard) == 1 for name, shard in shards.items())
    for (name, shard), following in zip(shards.items(), list(shards.values())[1:], strict=False):
        assert len(shard) == size or footage[name] + (following[0].duration or 0) > longest
    old = cut_shards(clips[: len(before)], limits)
    assert list(old.items())[:-1] == list(shards.items())[: len(old)][:-1]
    windows = count_windows(shards, limits)
    assert windows.keys() == {name for name, length in footage.items() if length > longest}
    assert all(count - 1 < footage[name] / longest <= count for name, count in windows.items())


@pytest.mark.parametrize("column", COLUMNS)
def test_fingerprints_change_with_what_decides_decoding_alone(column):
    """A corrected title decodes nothing again; another window does. The metadata_digest sees both, but no duration."""
    clip = Clip("a", "a.mp4", "m1", "Title", "1999", "Drama", 1.0, 2.0, 1.0)
    other = replace(clip, **{column: 1.5 if column.endswith(("_time", "duration")) else "other"})
    decisive = column in ("clip_id", "path", "start_time", "end_time")
    assert (fingerprint([clip]) != fingerprint([other])) == decisive
    assert (metadata_digest([clip]) != metadata_digest([other])) == (column != "duration")


def test_fingerprints_see_order_and_odd_names():
    """Two clips that change places are other work, and names that are no UTF-8 have a fingerprint too."""
    one, two = Clip("a", "a.mp4"), Clip("b", os.fsdecode(b"\xff.mp4"))
    assert fingerprint([one, two]) != fingerprint([two, one])
    assert fingerprint([two]) != fingerprint([replace(two, path=os.fsdecode(b"\xfe.mp4"))])


def test_titles_are_those_of_the_files_until_the_manifest_has_others():
    """A run's manifest is the user's to correct; a name that a spreadsheet would execute is no title."""
    names = [
        "noir/The Third  Man (1949).mkv",
        "M (1931) [1080p].mp4",
        "tape 3.avi",
        "=1+1 (1999).mp4",
        "2012 (2009).mkv",
    ]
    made = extend_with_folder([], names, "videos")
    expected = [("The Third Man", "1949"), ("M", "1931"), ("", ""), ("", ""), ("2012", "2009")]
    assert [(clip.title, clip.year) for clip in made] == expected
    corrected = [replace(made[0], title="Der dritte Mann", year="1950"), *made[1:]]
    assert extend_with_folder(corrected, names, "videos") == corrected
    assert extend_with_folder([Clip("a", names[0])], names[:1], "videos")[0].title == "The Third Man"
