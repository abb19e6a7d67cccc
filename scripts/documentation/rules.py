"""Bounds of fields in words."""

from html import escape

FORMATS = {
    1: "a mail address", 2: "an http or https URL", 3: "a UUID", 4: "a host name", 5: "an IP address",
    6: "a day, as 2026-03-31", 7: "a resource identifier: lower-case letters, digits, hyphens, at most 63",
    8: "a country code of two letters",
}
SENSITIVITIES = {2: "personal", 3: "secret"}


def rule_text(rule):
    """What a rule asks of a value, as HTML; empty where it asks nothing."""
    if rule is None:
        return ""
    parts = ["required"] if rule.required else []
    if rule.HasField("length"):
        parts.append(count_text(rule.length, "characters"))
    if rule.HasField("count"):
        parts.append(count_text(rule.count, "elements"))
    for name in ("range", "real_range"):
        if rule.HasField(name):
            parts.append(range_text(getattr(rule, name)))
    if rule.HasField("duration_range"):
        parts.append(duration_text(rule.duration_range))
    if rule.pattern:
        parts.append(f"matches <code>{escape(rule.pattern)}</code>")
    if rule.format:
        parts.append(FORMATS[rule.format])
    if rule.HasField("keys") and (keys := rule_text(rule.keys)):
        parts.append(f"keys: {keys}")
    if rule.sensitivity in SENSITIVITIES:
        parts.append(SENSITIVITIES[rule.sensitivity])
    return "; ".join(part for part in parts if part)


def count_text(count, unit):
    if count.min and count.max:
        return f"{number(count.min)} to {number(count.max)} {unit}" if count.min != count.max \
            else f"{number(count.min)} {unit}"
    if count.max:
        return f"at most {number(count.max)} {unit}"
    return f"at least {number(count.min)} {unit}" if count.min else ""


def range_text(bounds):
    low = number(bounds.min) if bounds.HasField("min") else None
    high = number(bounds.max) if bounds.HasField("max") else None
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"at least {low}" if low is not None else f"at most {high}" if high is not None else ""


def duration_text(bounds):
    low = seconds(bounds.min) if bounds.HasField("min") else None
    high = seconds(bounds.max) if bounds.HasField("max") else None
    if low and high:
        return f"{low} to {high}"
    return f"at least {low}" if low else f"at most {high}" if high else ""


def seconds(duration):
    value = duration.seconds + duration.nanos / 1e9
    return f"{value:g} s"


def number(value):
    """Thousands apart; a no-break space keeps them on one line."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
