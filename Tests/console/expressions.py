"""Random cron expressions that crontab(5) allows, except those that croniter interprets differently (test_timetable.py)."""

NAMES = {
    3: "jan feb mar apr may jun jul aug sep oct nov dec".split(),
    4: "sun mon tue wed thu fri sat".split(),
}
LIMITS = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
# The probability that a field is `*` or `*/n`.
STARS = [0.3, 0.5, 0.6, 0.7, 0.6]


def value(random, field, number):
    names = NAMES.get(field, [])
    index = number - LIMITS[field][0]
    if index < len(names) and random.random() < 0.3:
        return random.choice([str.lower, str.upper, str.title])(names[index])
    return f"{number:0{random.choice([1, 1, 2])}}"


def number(field, text):
    """Returns the value of a number or name in a field; Sunday is 0."""
    names = NAMES.get(field, [])
    if text.lower() in names:
        return names.index(text.lower()) + LIMITS[field][0]
    return int(text) % 7 if field == 4 else int(text)


def piece(random, field):
    low, high = LIMITS[field]
    step = f"/{random.randint(1, high)}"
    kind = random.random()
    if kind < 0.5:
        return value(random, field, random.randint(low, high))
    if kind < 0.8:
        ends = sorted(random.sample(range(low, high + 1), 2))
        return "-".join(value(random, field, end) for end in ends) + (step if random.random() < 0.4 else "")
    return value(random, field, random.randint(low, high)) + step


def field(random, number):
    if random.random() < STARS[number]:
        return random.choice(["*", "*", f"*/{random.randint(1, LIMITS[number][1])}"])
    return ",".join(piece(random, number) for _ in range(random.choice([1, 1, 1, 2, 3])))


def expression(random):
    if random.random() < 0.03:
        return random.choice("@hourly @daily @midnight @weekly @monthly @yearly @annually".split())
    return " ".join(field(random, number) for number in range(5))


def daily(random):
    """Returns an expression that is due every day, so that it is usually due near clock changes."""
    return f"{field(random, 0)} {field(random, 1)} * * *"


def damaged(random):
    """Returns a valid expression with a few characters changed; some results are still valid."""
    text = list(expression(random))
    for _ in range(random.choice([1, 1, 2, 4])):
        at = random.randrange(len(text) + 1)
        text[at:at + random.choice([0, 1])] = random.choice(["", *"0123456789 */,-", "@", "x", "sun", "jan", ".", "+"])
    return "".join(text)
