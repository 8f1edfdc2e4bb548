"""Reading a shop's files: purchases, catalogue and offers, every rule checked."""

from training.reading.report import ReadReport
from training.reading.shop import Shop, read_history, read_shop

__all__ = ["ReadReport", "Shop", "read_history", "read_shop"]
