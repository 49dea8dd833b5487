from sim.clock import SimClock
from sim.rng import Rng


def test_the_numbers_of_a_seed_never_change() -> None:
    """Seeds that once found a failure must find it again; by hand: xorshift32 of Marsaglia's paper."""
    rng = Rng(7)
    rng._state = 2463534242  # the paper's own seed
    assert [rng.next() for _ in range(3)] == [723471715, 2497366906, 2064144800]


def test_neighbouring_seeds_start_far_apart() -> None:
    firsts = {Rng(seed).next() for seed in range(1000)}
    assert len(firsts) == 1000
    assert 400 < sum(Rng(seed).below(2) for seed in range(1000)) < 600


def test_between_reaches_both_ends_and_nothing_else() -> None:
    rng = Rng(1)
    assert {rng.between(-2, 3) for _ in range(500)} == {-2, -1, 0, 1, 2, 3}


def test_chance_in_permille() -> None:
    rng = Rng(2)
    assert 80 < sum(rng.chance(100) for _ in range(1000)) < 120
    assert not any(Rng(3).chance(0) for _ in range(100))


def test_a_fork_goes_its_own_way() -> None:
    one, other = Rng(5), Rng(5)
    fork = one.fork()
    assert fork.next() == other.fork().next()
    assert [one.next() for _ in range(5)] == [other.next() for _ in range(5)]


def test_the_simulated_clock_moves_when_told() -> None:
    clock = SimClock(500)
    clock.sleep_ms(250)
    clock.advance(10)
    assert clock.now_ms() == 760
