"""The colours of labels: by cluster, and the same wherever they are asked for."""

import colorsys

from matplotlib.colors import to_rgb

from scripts.lib.pages.colours import UNKNOWN, label_colours, read_clusters


def hue(colour):
    return 360 * colorsys.rgb_to_hls(*to_rgb(colour))[0]


def test_a_cluster_is_a_hue_whatever_is_asked_for_and_in_whichever_order():
    clusters = {"bar": 0, "pub": 0, "inn": 0, "sea": 1, "lake": 1, "street": 2}
    colours = label_colours(clusters, clusters)
    assert len(set(colours.values())) == 6
    for first, second in [("bar", "pub"), ("pub", "inn"), ("sea", "lake")]:
        assert abs(hue(colours[first]) - hue(colours[second])) < 25
    assert min(abs(hue(colours["bar"]) - hue(colours[other])) for other in ("sea", "street")) > 60
    assert label_colours(["lake", "moon", "bar"], clusters) == {
        "lake": colours["lake"],
        "moon": UNKNOWN,
        "bar": colours["bar"],
    }


def test_without_clusters_many_labels_have_their_own_colour():
    assert len(set(label_colours(map(str, range(60))).values())) == 60


def test_colours_are_those_of_css():
    """As Chromium shows oklch(0.64 0.13 40), oklch(0.74 0.11 177.508) and oklch(0.54 0.12 315.016)."""
    assert list(label_colours("abc").values()) == ["#cd6e4c", "#4ec1aa", "#89579e"]


def test_clusters_of_a_taxonomy_and_of_a_plain_list(tmp_path):
    (tmp_path / "taxonomy.csv").write_text("label,cluster\nbar,1\nsea,0\n")
    assert read_clusters(tmp_path / "taxonomy.csv") == {"bar": 1, "sea": 0}
    (tmp_path / "labels.txt").write_text("bar\nsea\n")
    assert read_clusters(tmp_path / "labels.txt") == {"bar": 0, "sea": 1}
