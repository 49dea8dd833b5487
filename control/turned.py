"""Whether a meter tells the wrong direction, the wrong phase, or the wrong amount.

What is measured behind it is the judge: loads, generators, and the meters of nodes (Kirchhoff: what flows into a node
flows on). When that has changed by much within a minute, and stands, the meter must have changed as much. One that
changed as much the other way, several times, is mounted or configured the wrong way round; one that showed it on
another phase has its phases mixed up; one that showed the same wrong share of it each time has a wrong transformer
ratio, or does not measure what it is said to. One that agrees again is believed again.
"""

from control import reasons
from control.values import NEVER, Turn

STEP_W = 1_200  # a change that counts
STEP_MA = 4_000  # of one phase, while the others stand
STILL_W = 300  # what stands has not moved by more between two of its readings
TOGETHER_MS = 2_000  # readings this near each other are of one moment, when nothing moves
FRESH_MS = 15_000  # a state of rest is remembered anew so often
LONG_MS = 60_000  # for so long a change may be under way: longer, and the house has changed too
VOTES = 3  # in a row
SCALE_VOTES = 4  # in a row, of one that shows the same share each time
SAME_PERMILLE = 100
LEAST_PERMILLE, MOST_PERMILLE = 200, 6_000  # a load that follows a roof nobody measures shows next to nothing, or less
NEAR_PERMILLE = 300  # of the change: what else may have changed in the house

NEW_TURN = Turn(NEVER, (0, 0, 0, 0), (0, 0, 0, 0), 0, 0, 0, 0)


def weighed(turn: Turn, t_ms: int, flow: "tuple[int, int, int, int]", others: "tuple[int, int, int, int] | None",
            phased: bool) -> Turn:
    """After one more reading; `others` is what is measured behind it, None while that moves or is not all known."""
    if others is None:
        return turn if turn.rest_ms == NEVER or t_ms - turn.rest_ms <= LONG_MS else Turn(
            NEVER, turn.flow, turn.others, turn.sign, turn.phase, turn.scale, turn.ratio)
    if turn.rest_ms == NEVER or t_ms - turn.rest_ms > LONG_MS:
        return Turn(t_ms, flow, others, turn.sign, turn.phase, turn.scale, turn.ratio)
    moved = [others[k] - turn.others[k] for k in range(4)]
    shown = [flow[k] - turn.flow[k] for k in range(4)]
    sign, phase, scale, ratio = turn.sign, turn.phase, turn.scale, turn.ratio
    if abs(moved[3]) >= STEP_W:
        right, against = _near(shown[3], moved[3]), _near(shown[3], -moved[3])
        sign = _vote(sign, against, right)
        now = shown[3] * 1_000 // moved[3]
        wrong = not right and not against and LEAST_PERMILLE <= now <= MOST_PERMILLE
        same = scale > 0 and abs(now - ratio) * 1_000 <= SAME_PERMILLE * max(ratio, 1_000)
        if scale < SCALE_VOTES or right:  # what was found out stands until it agrees
            scale, ratio = (min(scale + 1, SCALE_VOTES) if same else 1) if wrong else 0, now
    own = [p for p in range(3) if abs(moved[p]) >= STEP_MA]
    if phased and len(own) == 1 and all([abs(moved[p]) < STEP_MA // 4 for p in range(3) if p not in own]):
        elsewhere = any([_near(abs(shown[p]), abs(moved[own[0]])) for p in range(3) if p not in own])
        here = _near(abs(shown[own[0]]), abs(moved[own[0]]))
        phase = _vote(phase, elsewhere and abs(shown[own[0]]) < STEP_MA // 4, here)
    if abs(moved[3]) < STEP_W and not own and t_ms - turn.rest_ms < FRESH_MS:
        return turn
    return Turn(t_ms, flow, others, sign, phase, scale, ratio)


def verdict(turn: Turn) -> int:
    """What is wrong with it (control.reasons); 0 = nothing."""
    if turn.sign >= VOTES:
        return reasons.TURNED
    if turn.phase >= VOTES:
        return reasons.PHASES_MIXED
    return reasons.SCALED if turn.scale >= SCALE_VOTES else 0


def _vote(votes: int, wrong: bool, right: bool) -> int:
    """One that is neither says nothing."""
    return min(votes + 1, VOTES) if wrong else 0 if right else votes


def _near(shown: int, moved: int) -> bool:
    return abs(shown - moved) <= abs(moved) * NEAR_PERMILLE // 1_000
