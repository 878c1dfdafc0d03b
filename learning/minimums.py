"""How many outcomes it takes to learn from, and to judge by."""

MIN_OUTCOMES = 40  # closed records; with fewer, a score is a prior shrunk towards the company's rate
MIN_JUDGED = 50  # closed records that a serving model scored; with fewer, nobody can tell whether it is right
