"""Many updates of lanes as few rows, without a database."""

from service.journal.settlement import settlements
from service.ports import LaneUpdate, Parked
from tests.journal.builders import CALL, CRM, LOG


def test_of_a_lane_the_furthest_update_is_written_and_all_that_was_parked() -> None:
    """One row a lane; of two that came equally far, the later."""
    (one,) = settlements(
        [
            LaneUpdate(CALL, CRM, 2, attempts=1, parked=Parked(2, 404, "refused")),
            LaneUpdate(CALL, CRM, 3, attempts=1),
            LaneUpdate(CALL, CRM, 3, attempts=2),
            LaneUpdate(CALL, CRM, 1, parked=Parked(1, None, "timeout")),
            LaneUpdate(CALL, LOG, 1),
        ]
    )

    assert one.lane_rows() == [
        (CALL, CRM, 3, 2, 0.0, None),
        (CALL, LOG, 1, 0, 0.0, None),
    ]
    assert one.parked_rows(5.0) == [
        (CALL, CRM, 2, 404, "refused", None, 5.0, None),
        (CALL, CRM, 1, None, "timeout", None, 5.0, None),
    ]


def test_updates_of_two_generations_are_written_one_after_the_other() -> None:
    """Whether the earlier one counts is the database's to say."""
    written = settlements(
        [LaneUpdate(CALL, CRM, 2, generation=0), LaneUpdate(CALL, CRM, 1, generation=1)]
    )

    assert [one.lane_rows() for one in written] == [
        [(CALL, CRM, 2, 0, 0.0, 0)],
        [(CALL, CRM, 1, 0, 0.0, 1)],
    ]
