import pytest

pytest.register_assert_rewrite("tests.service.parties")  # what differs is then told
