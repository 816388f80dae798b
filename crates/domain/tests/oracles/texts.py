"""Texts of all the kinds that a network counts in its own way."""

GSM = "abcxyzABCXYZ0189 .,:;!?@£$¥_ÇÖÜöüñàéΔΩ§¿\n\r"
KINDS = (
    list(GSM),
    list(GSM) + list("^{}\\[~]|€\f"),
    list("ğĞıİşŞçâ₺’“abc "),
    list("şa€\n") + ["\r\n", "😀", "👍🏽", "🇹🇷", "👨‍👩‍👧", "❤️", "1️⃣", "s\u0327", "e\u0301"],
    list("Мир مرحبا你好ə`\t\u00a0") + ["한", "กำ"],
)
BOUNDARIES = (70, 134, 160, 201, 306, 459)


def question(rng):
    """Runs of one or two kinds, often as long as a number of segments has room for."""
    near = rng.choice(BOUNDARIES) + rng.randint(-3, 3)
    length = rng.choice((near, near, rng.randint(0, 500)))
    kinds = rng.choices(KINDS, k=rng.randint(1, 2))
    text, units = [], 0
    while units < length:
        run = rng.choice(rng.choice(kinds)) * rng.choice((1, 1, 1, rng.randint(1, 70)))
        text.append(run[: length - units] if len(set(run)) == 1 else run)
        units += len(text[-1])
    return {"op": "segments", "text": "".join(text)}
