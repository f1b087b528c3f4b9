from service.recogniser.text.vocabulary import Vocabulary, read_tokens

BYTES = [b"<unk>", b"<s>", b"</s>", *(bytes([n]) for n in range(256))]


def test_tokens_longer_than_127_bytes_are_read() -> None:
    """Their length takes two bytes."""
    assert read_tokens(b"\x02ab\x81\x01" + b"c" * 129) == [b"ab", b"c" * 129]


def test_a_text_is_cut_where_the_most_frequent_pairs_leave_it() -> None:
    """`ab` was made before `bc`, so it is what `abc` is cut into."""
    vocabulary = Vocabulary([*BYTES, b"ab", b"bc", b"abcd", b"cd"])

    assert [vocabulary.text([n]) for n in vocabulary.tokenize("abcd")] == ["abcd"]
    assert [vocabulary.text([n]) for n in vocabulary.tokenize("abce")] == ["ab", "c", "e"]


def test_any_text_can_be_cut_and_put_together_again() -> None:
    """What no token spells is spelt by its bytes."""
    vocabulary = Vocabulary(BYTES)

    for text in ("", " Müller", "日本", "a b", "\x00"):
        assert vocabulary.text(vocabulary.tokenize(text)) == text


def test_a_space_begins_a_word() -> None:
    """What stands for it is part of the first token."""
    vocabulary = Vocabulary([*BYTES, "▁".encode(), "▁a".encode()])

    assert [vocabulary.begins_word(n) for n in vocabulary.tokenize(" ab")] == [True, False]
