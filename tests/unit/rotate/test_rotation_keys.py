"""New keys are what both clouds take, and no two are alike."""

from twinspan.rotate.clouds import Keys
from twinspan.rotate.keys import KEY_LENGTH, new_key


def test_a_key_has_letters_and_digits_and_begins_with_a_letter() -> None:
    keys = [new_key() for _ in range(200)]

    assert {len(key) for key in keys} == {KEY_LENGTH}
    assert all(key.isascii() and key.isalnum() and key[0].isalpha() for key in keys)
    assert len(set(keys)) == len(keys)


def test_keys_are_not_shown() -> None:
    assert repr(Keys(aws="aSecretOfTunnelOne", azure="aSecretOfTunnelOne")) == "Keys(equal)"
    assert repr(Keys(aws="aSecretOfTunnelOne", azure="another")) == "Keys(different)"
