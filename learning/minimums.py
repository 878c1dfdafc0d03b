"""How many outcomes it takes to learn from."""

MIN_OUTCOMES = 40  # closed records; with fewer, a score is a prior shrunk towards the company's rate
